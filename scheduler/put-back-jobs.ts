import type { Redis } from "ioredis";
import type { DataSource } from "typeorm";
import { type QueueName, queueNames } from "../queues/contract.ts";
import type { Queues } from "../queues/open-queues.ts";
import { filterOwedJobs, type OwedJob, pageOwedJobs } from "../tables/owed-jobs.ts";
import { addWantedJobs } from "./wanted-jobs.ts";

const pageSize = 1_000;
const beforeEveryId = "00000000-0000-0000-0000-000000000000";

/**
 * Adds the jobs again that the ledger owes and Redis does not have, and returns how many. They keep their rows, and with
 * them their attempts.
 */
export async function putBackJobs(
  database: DataSource,
  queues: Queues,
  redis: Redis,
): Promise<number> {
  let count = 0;
  let afterId = beforeEveryId;
  for (;;) {
    const page = await pageOwedJobs(database, afterId, pageSize);
    count += await putBackPage(database, queues, redis, page);
    const last = page.at(-1);
    if (page.length < pageSize || !last) return count;
    afterId = last.id;
  }
}

async function putBackPage(
  database: DataSource,
  queues: Queues,
  redis: Redis,
  page: readonly OwedJob[],
): Promise<number> {
  const states = await lookUp(queues, redis, page);
  const missing = page.filter((_, index) => states[index] !== "live");
  if (missing.length === 0) return 0;
  // Ledger first, Redis second is the order in which jobs end: what is owed after Redis was asked is owed.
  const owed = await filterOwedJobs(
    database,
    missing.map((job) => job.id),
  );
  const jobs = missing.filter((job) => owed.has(job.id));
  for (const job of jobs) {
    // Redis says that it ended, but nothing that counts came of it; its id would keep the job from being added.
    const name = queueOf(job);
    if (name && states[page.indexOf(job)] === "ended") await queues[name].remove(job.id);
  }
  await addWantedJobs(queues, jobs);
  return jobs.length;
}

type RedisState = "live" | "ended" | "missing";

/** What Redis has of each job, under its first id or under that of its row. */
async function lookUp(
  queues: Queues,
  redis: Redis,
  jobs: readonly OwedJob[],
): Promise<RedisState[]> {
  const pipeline = redis.pipeline();
  for (const job of jobs) {
    const queue = queues[queueOf(job) ?? "sync"];
    pipeline.hmget(queue.toKey(job.jobId), "timestamp", "finishedOn");
    pipeline.hmget(queue.toKey(job.id), "timestamp", "finishedOn");
  }
  const answers = (await pipeline.exec()) ?? [];
  return jobs.map((job, index) => {
    const first = fields(answers[index * 2]);
    const own = fields(answers[index * 2 + 1]);
    const isFirst = first.timestamp === String(job.queuedAt.getTime());
    if ((isFirst && !first.finishedOn) || (own.timestamp && !own.finishedOn)) return "live";
    return own.timestamp ? "ended" : "missing";
  });
}

interface JobFields {
  timestamp: string | undefined;
  finishedOn: string | undefined;
}

/** Throws what Redis answered when it was an error. */
function fields(answer: [error: Error | null, result: unknown] | undefined): JobFields {
  const [error, result] = answer ?? [null, []];
  if (error) throw error;
  const [timestamp, finishedOn]: unknown[] = Array.isArray(result) ? result : [];
  return {
    timestamp: typeof timestamp === "string" ? timestamp : undefined,
    finishedOn: typeof finishedOn === "string" ? finishedOn : undefined,
  };
}

function queueOf(job: OwedJob): QueueName | undefined {
  return queueNames.find((name) => name === job.queue);
}
