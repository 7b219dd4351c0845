import { randomBytes } from "node:crypto";
import { type Job, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { enqueueAll } from "../queues/enqueue.ts";
import { FairLine } from "../queues/fair-line.ts";
import { closeQueues, openQueues } from "../queues/open-queues.ts";

/** Plain order of arrival, in line, and in line when the loud user's producer leaves out the priority. */
export const orders = ["arrival", "line", "line, loud producer without priority"] as const;
export type Order = (typeof orders)[number];

export interface Load {
  /** Jobs of the loud user, all queued before the quiet one's. */
  loud: number;
  quiet: number;
  /** How long each job runs, in milliseconds. */
  jobMs: number;
  concurrency: number;
}

export interface Waits {
  /** Half, and 95 % of the quiet user's jobs waited no longer, in milliseconds. */
  p50: number;
  p95: number;
  /** Until all jobs of both were done, in milliseconds. */
  total: number;
}

const payloads = (userId: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({ payload: { userId, credentialId: index + 1 } }));

/** Measures how long the quiet user's jobs wait from when one worker starts. */
export async function measureWaits(redis: Redis, order: Order, load: Load): Promise<Waits> {
  const prefix = `bench-${randomBytes(4).toString("hex")}`;
  const queues = openQueues(redis, prefix, () => {});
  const queue = queues["health-check"];
  const plain = async (userId: number, count: number): Promise<unknown> =>
    queue.addBulk(payloads(userId, count).map(({ payload }) => ({ name: "plain", data: payload })));
  const fair = async (userId: number, count: number): Promise<unknown> =>
    enqueueAll(queue, "health-check", payloads(userId, count));
  await (order === "line" ? fair : plain)(1, load.loud);
  await (order === "arrival" ? plain : fair)(2, load.quiet);
  const line = new FairLine(redis, { base: queue.toKey(""), isExclusive: false });
  const waits: number[] = [];
  const started = performance.now();
  const process = async ({ id = "", data: { userId } }: Job<{ userId: number }>): Promise<void> => {
    const applicant = { jobId: id, user: String(userId), twin: null, groups: [] };
    if (order !== "arrival") await line.enter(applicant);
    if (userId === 2) waits.push(performance.now() - started);
    await new Promise((done) => setTimeout(done, load.jobMs));
  };
  await runAll(process, { redis, prefix, queue: queue.name, load });
  const total = performance.now() - started;
  await queue.obliterate({ force: true });
  await closeQueues(queues);
  return { p50: percentile(waits, 0.5), p95: percentile(waits, 0.95), total };
}

async function runAll(
  process: (job: Job) => Promise<void>,
  { redis, prefix, queue, load }: { redis: Redis; prefix: string; queue: string; load: Load },
): Promise<void> {
  let left = load.loud + load.quiet;
  const options = { connection: redis, prefix, concurrency: load.concurrency };
  const worker = new Worker(queue, process, options);
  await new Promise<void>((resolve) => {
    worker.on("completed", () => {
      left -= 1;
      if (left === 0) resolve();
    });
  });
  await worker.close();
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
