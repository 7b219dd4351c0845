import type { Redis } from "ioredis";
import type { DataSource } from "typeorm";
import type { Queues } from "../queues/open-queues.ts";
import type { Logger } from "../runtime/log.ts";
import { LockHeldError, withAdvisoryLock } from "../tables/advisory-lock.ts";
import { silentAfterMs } from "../tables/claims.ts";
import { requestOwedTerraformJobs } from "../tables/resources.ts";
import { adoptJobs } from "./adopt-jobs.ts";
import { type Periodic, startPeriodic } from "./periodic.ts";
import { putBackJobs } from "./put-back-jobs.ts";

export interface ReconcilerServices {
  database: DataSource;
  queues: Queues;
  /** The connection of the queues, or another one to the same Redis, whose commands fail while Redis is away. */
  redis: Redis;
  log: Logger;
  /** A resource that is `pending` and has no job is owed one. */
  applyPending: boolean;
}

/** What a cycle found. */
export interface Reconciled {
  /** Jobs that Redis had and the ledger did not. */
  adopted: number;
  /** Jobs of resources that waited for one in vain. */
  requested: number;
  /** Jobs that the ledger owes and Redis did not have. */
  putBack: number;
}

/**
 * Makes the ledger and Redis agree about what has still to be done: Redis may forget everything at any time, and this
 * is what fills it again. Repeating it changes nothing. Throws what PostgreSQL or Redis throws.
 */
export async function reconcile(services: Omit<ReconcilerServices, "log">): Promise<Reconciled> {
  const { database, queues, redis, applyPending: pending } = services;
  const adopted = await adoptJobs(database, queues, redis);
  const requested = await requestOwedTerraformJobs(database, {
    olderThanMs: silentAfterMs,
    pending,
  });
  const putBack = await putBackJobs(database, queues, redis);
  return { adopted, requested, putBack };
}

/**
 * Reconciles every so many milliseconds. Any number of replicas may run; one of them works at a time, and another one
 * goes on when that has died.
 */
export function startReconciler(services: ReconcilerServices, everyMs: number): Periodic {
  const { database, log } = services;
  const work = async (): Promise<void> => {
    try {
      const found = await withAdvisoryLock(database, "reconciler", async () => reconcile(services));
      if (found.requested + found.putBack > 0) log.warn(found, "jobs were missing in Redis");
      else log.debug(found, "reconciled");
    } catch (error) {
      if (!(error instanceof LockHeldError)) throw error;
    }
  };
  return startPeriodic({ task: "reconciler", everyMs, work, log });
}
