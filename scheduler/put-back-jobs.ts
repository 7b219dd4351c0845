import type { Redis } from "ioredis";
import type { DataSource } from "typeorm";
import type { Queues } from "../queues/open-queues.ts";
import { filterOwedJobs, type OwedJob, pageOwedJobs } from "../tables/owed-jobs.ts";
import { JobFinder, queueOf } from "./find-jobs.ts";
import { addWantedJobs } from "./wanted-jobs.ts";

const pageSize = 1_000;
const beforeEveryId = "00000000-0000-0000-0000-000000000000";

interface Stores {
  database: DataSource;
  queues: Queues;
  redis: Redis;
}

/**
 * Adds the jobs again that the ledger owes and Redis does not have, and returns how many. They keep their rows, and with
 * them their attempts.
 */
export async function putBackJobs(
  database: DataSource,
  queues: Queues,
  redis: Redis,
): Promise<number> {
  const stores = { database, queues, redis };
  const finder = new JobFinder(queues, redis);
  let count = 0;
  let afterId = beforeEveryId;
  for (;;) {
    const page = await pageOwedJobs(database, afterId, pageSize);
    count += await putBackPage(stores, finder, page);
    const last = page.at(-1);
    if (page.length < pageSize || !last) return count;
    afterId = last.id;
  }
}

async function putBackPage(
  stores: Stores,
  finder: JobFinder,
  page: readonly OwedJob[],
): Promise<number> {
  const found = await finder.find(page);
  const missing = page.filter((_, index) => !found[index]?.isLive);
  if (missing.length === 0) return 0;
  // Ledger first, Redis second is the order in which jobs end: what is owed after Redis was asked is owed.
  const owed = await filterOwedJobs(
    stores.database,
    missing.map((job) => job.id),
  );
  const jobs = missing.filter((job) => owed.has(job.id));
  for (const job of jobs) {
    // Nothing that counts came of what Redis has of it; its id would keep the job from being added.
    const leftovers = found[page.indexOf(job)]?.leftovers ?? [];
    for (const id of leftovers) await removeLeftover(stores, job, id);
  }
  await addWantedJobs(stores.queues, jobs);
  return jobs.length;
}

async function removeLeftover({ queues, redis }: Stores, job: OwedJob, id: string): Promise<void> {
  const queue = queues[queueOf(job)];
  try {
    await queue.remove(id);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("WRONGTYPE"))) throw error;
    await redis.unlink(queue.toKey(id));
  }
}
