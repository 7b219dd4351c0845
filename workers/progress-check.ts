import type { Redis } from "ioredis";
import type { QueueName } from "../queues/contract.ts";
import { type Check, NotReadyError } from "../runtime/readiness.ts";

/** How long a job may wait while no worker runs any, in milliseconds. */
const patienceMs = 60_000;

export interface ProgressOptions {
  /** Key prefix in Redis. */
  prefix: string;
  /** The queues that this worker serves. */
  queues: readonly QueueName[];
  /** Default 60 s. */
  patienceMs?: number;
}

/** A job that could be taken and was not yet. */
interface WaitingJob {
  id: string;
  /** When it was first seen so, on the monotonic clock in milliseconds. */
  since: number;
}

/**
 * Jobs that can be taken are being taken: fails, naming the queue, when at every look for the given time one and the same
 * job waited, none of its queue ran, and nobody had paused or limited it. A worker can lose the connection on which it
 * hears of jobs while every ping on the other is answered (bullmq#4585). Delayed jobs do not count: parked and
 * postponed ones are among them.
 */
export function progressCheck(redis: Redis, options: ProgressOptions): Check {
  const { prefix, queues, patienceMs: patience = patienceMs } = options;
  const seen = new Map<QueueName, WaitingJob>();
  return async () => {
    await Promise.all(
      queues.map(async (queue) => look(redis, `${prefix}:${queue}:`, { queue, seen })),
    );
    const stuck = queues.filter((queue) => {
      const job = seen.get(queue);
      return job !== undefined && performance.now() - job.since > patience;
    });
    if (stuck.length === 0) return;
    const seconds = Math.round(patience / 1_000);
    throw new NotReadyError(`jobs of ${stuck.join(", ")} wait and none ran for ${seconds} s`);
  };
}

async function look(
  redis: Redis,
  base: string,
  { queue, seen }: { queue: QueueName; seen: Map<QueueName, WaitingJob> },
): Promise<void> {
  const known = seen.get(queue);
  const next = await idleNext(redis, base);
  if (next === null) seen.delete(queue);
  else if (!known || !(await isWaiting(redis, base, known.id))) {
    seen.set(queue, { id: next, since: performance.now() });
  }
}

/** The id of the job that is next while none runs and any worker might take it; null otherwise. */
async function idleNext(redis: Redis, base: string): Promise<string | null> {
  const [active, paused, limitedMs, plain, [prioritised]] = await Promise.all([
    redis.llen(`${base}active`),
    redis.hexists(`${base}meta`, "paused"),
    redis.pttl(`${base}limiter`),
    redis.lindex(`${base}wait`, -1),
    redis.zrange(`${base}prioritized`, 0, 0),
  ]);
  if (active > 0 || paused === 1 || limitedMs > 0) return null;
  return plain ?? prioritised ?? null;
}

async function isWaiting(redis: Redis, base: string, id: string): Promise<boolean> {
  const [plain, prioritised] = await Promise.all([
    redis.lpos(`${base}wait`, id, "RANK", -1),
    redis.zscore(`${base}prioritized`, id),
  ]);
  return plain !== null || prioritised !== null;
}
