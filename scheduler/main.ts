import type { DataSource } from "typeorm";
import { closeQueues, openQueues } from "../queues/open-queues.ts";
import type { Config } from "../runtime/config.ts";
import { openConnections, type Role } from "../runtime/connections.ts";
import { openHealth, serveHealth } from "../runtime/health.ts";
import type { Logger } from "../runtime/log.ts";
import { openImpatientRedis } from "../runtime/redis.ts";
import type { OpenParts } from "../runtime/shutdown.ts";
import { applyDefaultSchedules } from "./default-schedules.ts";
import { runDueSchedules } from "./run-due-schedules.ts";
import { startTicker, type Ticker } from "./ticker.ts";
import { startUpkeep } from "./upkeep.ts";

/** How long a slot that is being enqueued may finish at SIGTERM; another replica or try completes it. */
const stopGraceMs = 5_000;

/**
 * Starts the scheduler and returns when it runs; whoever calls closes what it opens.
 * Throws when PostgreSQL cannot be reached at start or the health port is taken.
 */
export async function startScheduler(config: Config, log: Logger, open: OpenParts): Promise<void> {
  const role: Role = { name: "scheduler", config, log, open };
  const connections = await openConnections(role, { poolSize: 8, openRedis: openImpatientRedis });
  const { database, redis } = connections;
  const queues = openQueues(redis, config.QUEUE_PREFIX, (error) =>
    log.warn({ err: error }, "Redis connection"),
  );
  open.add(async () => closeQueues(queues));
  const health = openHealth(role, connections);
  await serveHealth(role, health);
  const ticker = startSchedules(config, database, log);
  open.add(async () => ticker.stop(stopGraceMs));
  open.add(...startUpkeep(config, { database, queues, redis, log }));
  open.add(
    // Whatever waits for a Redis that is away ends with it.
    () => (redis.status === "ready" ? undefined : redis.disconnect()),
    () => health.readiness.drain(),
  );
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
