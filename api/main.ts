import { createServer } from "node:http";
import { closeQueues, openQueues } from "../queues/open-queues.ts";
import type { Config } from "../runtime/config.ts";
import { openDatabase } from "../runtime/database.ts";
import { listen, startHealthServer } from "../runtime/health-server.ts";
import type { Logger } from "../runtime/log.ts";
import { openMetrics } from "../runtime/metrics.ts";
import { openReadiness } from "../runtime/readiness.ts";
import { databaseCheck, migrationsCheck, redisCheck } from "../runtime/readiness-checks.ts";
import { openImpatientRedis } from "../runtime/redis.ts";
import { type Close, closeAll, closeOnSignal } from "../runtime/shutdown.ts";
import { cancelJobRuns } from "../tables/job-runs.ts";
import { makeApp } from "./app.ts";
import type { CancelJobs } from "./board-queue.ts";
import { addLedgerMetrics } from "./ledger-metrics.ts";
import { readLogins } from "./logins.ts";
import { addQueueMetrics } from "./queue-metrics.ts";

export interface RunningApi {
  /** Such as `http://127.0.0.1:3000`. */
  url: string;
  /** To be called last first. */
  closes: Close[];
}

/**
 * Starts the api and returns when it listens; SIGTERM and SIGINT end the process with 0.
 * Throws ConfigError when it would be open to others without a login, and the system's error when PostgreSQL cannot be
 * reached at start or the port is taken.
 */
export async function runApi(config: Config, log: Logger): Promise<void> {
  const { closes } = await startApi(config, log);
  closeOnSignal(closes, (error) => log.error({ err: error }, "cannot close"));
}

/** Starts the api without minding signals; throws like `runApi`. */
export async function startApi(config: Config, log: Logger): Promise<RunningApi> {
  const logins = readLogins(config);
  const closes: Close[] = [];
  try {
    const database = await openDatabase(config.DATABASE_URL, {
      poolSize: 4,
      applicationName: "multicloud-api",
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
    const registry = openMetrics("api");
    addQueueMetrics(registry, queues, redis);
    addLedgerMetrics(registry, database);
    const readiness = openReadiness({
      database: databaseCheck(database),
      migrations: migrationsCheck(database),
      redis: redisCheck(redis),
    });
    const health = { readiness, registry };
    const cancel: CancelJobs = async (queue, ids) => cancelJobRuns(database, queue, ids);
    const jobs = { database, token: config.API_TOKEN };
    const app = makeApp({ queues, cancel, jobs, health, logins, log });
    const address = { host: config.API_HOST, port: config.API_PORT };
    const server = await listen(createServer(app), address);
    closes.push(async () => server.close());
    if (config.HEALTH_PORT !== undefined) {
      const internal = { host: config.HEALTH_HOST, port: config.HEALTH_PORT };
      const healthServer = await startHealthServer(internal, health);
      closes.push(async () => healthServer.close());
      log.info({ url: healthServer.url }, "health server listens");
    }
    closes.push(() => readiness.drain());
    log.info({ url: server.url, login: !logins.isOpen }, "api listens");
    return { url: server.url, closes };
  } catch (error) {
    await closeAll(closes, () => {});
    throw error;
  }
}
