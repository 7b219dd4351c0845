import type { Redis } from "ioredis";
import type { DataSource } from "typeorm";
import type { Queues } from "../queues/open-queues.ts";
import type { Config } from "../runtime/config.ts";
import type { Logger } from "../runtime/log.ts";
import type { Close } from "../runtime/shutdown.ts";
import { startReconciler } from "./reconciler.ts";
import { startRelay } from "./relay.ts";
import { startSweeper } from "./sweeper.ts";

/** What keeping ledger and Redis in order works on. */
export interface UpkeepServices {
  database: DataSource;
  queues: Queues;
  /** A connection whose commands fail while Redis is away. */
  redis: Redis;
  log: Logger;
}

/**
 * Starts what keeps the ledger, the outbox and Redis in order: the relay of wanted jobs, the reconciler that fills a
 * wiped Redis, and the sweeper of jobs that no worker can run.
 */
export function startUpkeep(config: Config, services: UpkeepServices): Close[] {
  const { database, queues, redis, log } = services;
  const relay = startRelay({ databaseUrl: config.DATABASE_URL, database, queues, log });
  const reconciler = startReconciler(
    { ...services, applyPending: config.APPLY_PENDING_RESOURCES === "on" },
    config.RECONCILE_SECONDS * 1_000,
  );
  const everyMs = config.SWEEP_SECONDS * 1_000;
  const sweeper = startSweeper({ database, redis, prefix: config.QUEUE_PREFIX, everyMs, log });
  return [relay, reconciler, sweeper].map((task) => async () => task.close());
}
