import { queueNames } from "../queues/contract.ts";
import type { Queues } from "../queues/open-queues.ts";
import { retention } from "../queues/retention.ts";
import type { WantedJob } from "../tables/job-requests.ts";

/**
 * Adds jobs of the ledger to Redis under their ids in the ledger; those that Redis has stay as they are. The payload goes
 * as it is: a worker judges it, so that the ledger says what was wrong with it.
 */
export async function addWantedJobs(queues: Queues, jobs: readonly WantedJob[]): Promise<void> {
  for (const name of queueNames) {
    const own = jobs.filter((job) => job.queue === name);
    if (own.length === 0) continue;
    await queues[name].addBulk(
      own.map(({ id, payload, runAt }) => {
        const delay = Math.max(0, (runAt?.getTime() ?? 0) - Date.now());
        return { name, data: payload, opts: { ...retention, jobId: id, delay } };
      }),
    );
  }
}
