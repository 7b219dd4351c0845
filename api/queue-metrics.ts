import type { Redis } from "ioredis";
import type { Registry } from "prom-client";
import { queueNames } from "../queues/contract.ts";
import type { Queues } from "../queues/open-queues.ts";
import { addGauge, type Sample } from "../runtime/metrics.ts";

/**
 * Jobs in Redis by state, and how long the next waiting one has been due. Reads no payloads, so that no job can break
 * it. Redis being away leaves them out and counts in `mcw_metrics_failures_total`.
 */
export function addQueueMetrics(registry: Registry, queues: Queues, redis: Redis): void {
  addGauge(registry, {
    name: "mcw_queue_jobs",
    help: "Jobs in Redis.",
    labelNames: ["queue", "state"],
    read: async () => {
      const counts = await Promise.all(queueNames.map(async (name) => countJobs(queues, name)));
      return counts.flat();
    },
  });
  addGauge(registry, {
    name: "mcw_queue_oldest_waiting_seconds",
    help: "How long the waiting job that is next has been due; 0 when none waits.",
    labelNames: ["queue"],
    read: async () =>
      Promise.all(
        queueNames.map(async (queue) => {
          const keyOf = (part: string): string => queues[queue].toKey(part);
          const dueAt = await oldestDue(redis, keyOf);
          const value = dueAt === null ? 0 : Math.max(0, (Date.now() - dueAt) / 1000);
          return { labels: { queue }, value };
        }),
      ),
  });
}

async function countJobs(queues: Queues, queue: keyof Queues): Promise<Sample[]> {
  const counts = await queues[queue].getJobCounts();
  return Object.entries(counts).map(([state, value]) => ({ labels: { queue, state }, value }));
}

/** When the longer waiting of the next plain and the next prioritised job was due, in epoch milliseconds. */
async function oldestDue(redis: Redis, keyOf: (part: string) => string): Promise<number | null> {
  const [plain, prioritised] = await Promise.all([
    redis.lindex(keyOf("wait"), -1),
    redis.zrange(keyOf("prioritized"), 0, 0),
  ]);
  const ids = [plain, prioritised[0]].filter((id) => id !== null && id !== undefined);
  const hashes = await Promise.all(
    ids.map(async (id) => redis.hmget(keyOf(id), "timestamp", "opts", "processedOn")),
  );
  const times = hashes.flatMap(([added, opts, started]) => {
    if (!added) return [];
    // A job that was tried before has its last start instead: the time it is due again is not kept.
    return [Math.max(Number(added) + delayOf(opts), Number(started ?? 0))];
  });
  return times.length === 0 ? null : Math.min(...times);
}

function delayOf(opts: string | null | undefined): number {
  try {
    const delay: unknown = Reflect.get(Object(JSON.parse(opts ?? "{}")), "delay");
    return typeof delay === "number" ? delay : 0;
  } catch {
    return 0;
  }
}
