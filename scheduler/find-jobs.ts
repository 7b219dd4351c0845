import type { Redis } from "ioredis";
import { type QueueName, queueNames } from "../queues/contract.ts";
import type { Queues } from "../queues/open-queues.ts";
import type { OwedJob } from "../tables/owed-jobs.ts";

/** What Redis has of a job that is owed. */
export interface FoundJob {
  /** It waits or runs under one of its ids. */
  isLive: boolean;
  /** Ids whose keys keep the job from being added again: it has ended there, or no place of the queue names it. */
  leftovers: string[];
}

/** Ids of a list that are read at a time. */
const pageSize = 10_000;

/**
 * Looks jobs up in Redis. A key alone proves nothing: where a list was deleted, evicted or overwritten, its jobs have
 * their keys and are never taken. Made anew for every look, since it remembers what waits.
 */
export class JobFinder {
  readonly #queues: Queues;
  readonly #redis: Redis;
  readonly #listed = new Map<QueueName, Set<string>>();

  constructor(queues: Queues, redis: Redis) {
    this.#queues = queues;
    this.#redis = redis;
  }

  /** What Redis has of each job, under its first id or under that of its row. */
  async find(jobs: readonly OwedJob[]): Promise<FoundJob[]> {
    const pipeline = this.#redis.pipeline();
    for (const job of jobs) {
      const queue = this.#queues[queueOf(job)];
      pipeline.hmget(queue.toKey(job.jobId), "timestamp", "finishedOn");
      pipeline.hmget(queue.toKey(job.id), "timestamp", "finishedOn");
    }
    const answers = (await pipeline.exec()) ?? [];
    const found: FoundJob[] = [];
    for (const [index, job] of jobs.entries()) {
      const first = fields(answers[index * 2]);
      const own = fields(answers[index * 2 + 1]);
      const isFirst = first.timestamp === String(job.queuedAt.getTime());
      const running = isFirst && !first.hasEnded ? [job.jobId] : [];
      if (own.exists && !own.hasEnded) running.push(job.id);
      const lost = await this.#strays(queueOf(job), [...new Set(running)]);
      const isLive = lost.length < new Set(running).size;
      found.push({ isLive, leftovers: own.hasEnded ? [...lost, job.id] : lost });
    }
    return found;
  }

  /** Those of the ids that no place of the queue names. */
  async #strays(name: QueueName, ids: readonly string[]): Promise<string[]> {
    const strays: string[] = [];
    for (const id of ids) {
      if ((await this.#listedIn(name)).has(id)) continue;
      // It may have moved meanwhile, so that BullMQ is asked for the place at one moment.
      if ((await this.#queues[name].getJobState(id)) === "unknown") strays.push(id);
    }
    return strays;
  }

  /** Ids that waited or ran when this finder first looked. */
  async #listedIn(name: QueueName): Promise<Set<string>> {
    const known = this.#listed.get(name);
    if (known) return known;
    const listed = new Set<string>();
    for (const place of ["delayed", "wait", "prioritized", "active", "waiting-children"] as const) {
      for await (const page of readPlace(this.#redis, this.#queues[name].toKey(place), pageSize)) {
        for (const id of page) listed.add(id);
      }
    }
    this.#listed.set(name, listed);
    return listed;
  }
}

/** The ids of a list or sorted set, page by page; of a key that holds something else, none. */
export async function* readPlace(redis: Redis, key: string, size: number): AsyncIterable<string[]> {
  const type = await redis.type(key);
  if (type !== "list" && type !== "zset") return;
  for (let from = 0; ; from += size) {
    const until = from + size - 1;
    // Jobs leave at the ends that are read last, so that those that have not been read keep their ranks.
    const page =
      type === "list"
        ? await redis.lrange(key, from, until)
        : await redis.zrevrange(key, from, until);
    yield page;
    if (page.length < size) return;
  }
}

interface JobFields {
  exists: boolean;
  timestamp: string | undefined;
  /** Also when the key is that of no job at all. */
  hasEnded: boolean;
}

/** Throws what Redis answered when it was an error, but for a key that holds no hash. */
function fields(answer: [error: Error | null, result: unknown] | undefined): JobFields {
  const [error, result] = answer ?? [null, []];
  if (error?.message.startsWith("WRONGTYPE")) {
    return { exists: true, timestamp: undefined, hasEnded: true };
  }
  if (error) throw error;
  const [timestamp, finishedOn]: unknown[] = Array.isArray(result) ? result : [];
  return {
    exists: typeof timestamp === "string",
    timestamp: typeof timestamp === "string" ? timestamp : undefined,
    hasEnded: typeof finishedOn === "string",
  };
}

/** The ledger has jobs of the four queues only: those of others are rejected before. */
export function queueOf(job: OwedJob): QueueName {
  return queueNames.find((name) => name === job.queue) ?? "sync";
}
