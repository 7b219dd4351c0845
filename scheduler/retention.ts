import type { EntityManager } from "typeorm";
import { purgeJobRuns } from "../tables/job-runs.ts";

/** Rows of one statement: enough to be quick, few enough to stop in time. */
const batchSize = 10_000;
/** Other schedules of this process wait meanwhile; the next slot goes on, in milliseconds. */
const mostMs = 30_000;

/**
 * Forgets jobs that ended more than so many days ago, oldest first, in the transaction of the manager, and returns how
 * many. After 30 s it leaves the rest to the next time.
 */
export async function forgetOldJobs(manager: EntityManager, days: number): Promise<number> {
  const deadline = performance.now() + mostMs;
  let forgotten = 0;
  for (;;) {
    const count = await purgeJobRuns(manager, days, batchSize);
    forgotten += count;
    if (count < batchSize || performance.now() > deadline) return forgotten;
  }
}
