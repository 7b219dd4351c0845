import type { DataSource } from "typeorm";
import { closeQueues, openQueues } from "../queues/open-queues.ts";
import type { Config } from "../runtime/config.ts";
import { openDatabase } from "../runtime/database.ts";
import { startHealthServer } from "../runtime/health-server.ts";
import type { Logger } from "../runtime/log.ts";
import { openMetrics } from "../runtime/metrics.ts";
import { openReadiness } from "../runtime/readiness.ts";
import { databaseCheck, migrationsCheck, redisCheck } from "../runtime/readiness-checks.ts";
import { openImpatientRedis } from "../runtime/redis.ts";
import { type Close, closeAll, closeOnSignal } from "../runtime/shutdown.ts";
import { applyDefaultSchedules } from "./default-schedules.ts";
import { runDueSchedules } from "./run-due-schedules.ts";
import { startTicker, type Ticker } from "./ticker.ts";
import { startUpkeep } from "./upkeep.ts";

/** How long a slot that is being enqueued may finish at SIGTERM; another replica or try completes it. */
const stopGraceMs = 5_000;

/**
 * Starts the scheduler and returns when it runs; SIGTERM and SIGINT end the process with 0.
 * Throws when PostgreSQL cannot be reached at start or the health port is taken.
 */
export async function runScheduler(config: Config, log: Logger): Promise<void> {
  const closes = await startScheduler(config, log);
  closeOnSignal(closes, (error) => log.error({ err: error }, "cannot close"));
}

/** Starts the scheduler without minding signals; whoever calls closes what is returned, last first. */
export async function startScheduler(config: Config, log: Logger): Promise<Close[]> {
  const closes: Close[] = [];
  try {
    const database = await openDatabase(config.DATABASE_URL, {
      poolSize: 8,
      applicationName: "multicloud-scheduler",
      onPoolError: (error) => log.warn({ err: error }, "lost a database connection"),
    });
    closes.push(async () => database.destroy());
    const onRedisError = (error: Error) => log.warn({ err: error }, "Redis connection");
    const redis = openImpatientRedis(config.REDIS_URL, onRedisError);
    closes.push(() => redis.disconnect());
    const queues = openQueues(redis, config.QUEUE_PREFIX, onRedisError);
    closes.push(async () => {
      if (redis.status === "ready") await closeQueues(queues);
    });
    const readiness = openReadiness({
      database: databaseCheck(database),
      migrations: migrationsCheck(database),
      redis: redisCheck(redis),
    });
    if (config.HEALTH_PORT !== undefined) {
      const address = { host: config.HEALTH_HOST, port: config.HEALTH_PORT };
      const health = { readiness, registry: openMetrics("scheduler") };
      const server = await startHealthServer(address, health);
      closes.push(async () => server.close());
      log.info({ url: server.url }, "health server listens");
    }
    const ticker = startSchedules(config, database, log);
    closes.push(async () => ticker.stop(stopGraceMs));
    closes.push(...startUpkeep(config, { database, queues, redis, log }), () => readiness.drain());
    return closes;
  } catch (error) {
    await closeAll(closes, () => {});
    throw error;
  }
}

/** The default rows come first, as soon as the database is there to take them. */
function startSchedules(config: Config, database: DataSource, log: Logger): Ticker {
  const options = {
    database,
    log,
    retentionDays: config.LEDGER_RETENTION_DAYS,
    enqueues: config.SCHEDULES === "on",
  };
  let hasDefaults = false;
  const work = async (): Promise<boolean> => {
    if (!hasDefaults) await applyDefaultSchedules(database, config);
    hasDefaults = true;
    return runDueSchedules(options);
  };
  return startTicker({ work, log });
}
