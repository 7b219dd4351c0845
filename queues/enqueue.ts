import { createHash, randomUUID } from "node:crypto";
import type { Queue } from "bullmq";
import { Redis } from "ioredis";
import { exclusiveQueues, type QueueName } from "./contract.ts";
import { contracts, type Payloads } from "./contracts.ts";
import { FairLine, twinOf } from "./fair-line.ts";
import { parsePayload } from "./parse-payload.ts";
import { retention } from "./retention.ts";

export interface EnqueueOptions {
  /** Two adds with one id are one job, as long as Redis keeps the first. Must not contain a colon or be all digits. */
  jobId?: string;
  /** Milliseconds to wait before the job may start. */
  delayMs?: number;
  /**
   * 1 is first, 2097151 last. For operators: without it a job gets the place in line that is fair to all users, at once
   * or, if it is delayed, when it is due.
   */
  priority?: number;
}

/** The job id that stands for a user's idempotency key: keys may contain what BullMQ ids may not. */
export function idempotentJobId(userId: number, idempotencyKey: string): string {
  const hash = createHash("sha256").update(`${userId}:${idempotencyKey}`).digest("hex");
  return `key-${hash.slice(0, 40)}`;
}

/** A job to add. */
export interface NewJob<Name extends QueueName> {
  payload: Payloads[Name];
  options?: EnqueueOptions;
}

/**
 * Checks a payload and puts it into its queue. Returns the id of the job.
 * Throws InvalidPayloadError (the caller's fault) or the driver's error when Redis cannot be reached.
 */
export async function enqueue<Name extends QueueName>(
  queue: Queue,
  name: Name,
  payload: Payloads[Name],
  options: EnqueueOptions = {},
): Promise<string> {
  const job = checkedJob(name, { payload, options });
  const [placed = job] = await takePlaces(queue, name, [job]);
  await queue.add(placed.name, placed.data, placed.opts);
  return job.opts.jobId;
}

/**
 * Checks many payloads of one queue and adds them in one round trip, all or none. Returns their ids in order; a job
 * whose id Redis knows already stays as it is. Throws like `enqueue`.
 */
export async function enqueueAll<Name extends QueueName>(
  queue: Queue,
  name: Name,
  newJobs: readonly NewJob<Name>[],
): Promise<string[]> {
  const jobs = newJobs.map((job) => checkedJob(name, job));
  await queue.addBulk(await takePlaces(queue, name, jobs));
  return jobs.map((job) => job.opts.jobId);
}

function checkedJob<Name extends QueueName>(name: Name, { payload, options = {} }: NewJob<Name>) {
  const data = parsePayload(contracts[name], payload);
  const key = data.idempotencyKey;
  const jobId = options.jobId ?? (key ? idempotentJobId(data.userId, key) : randomUUID());
  const opts = {
    ...retention,
    jobId,
    ...(options.delayMs === undefined ? {} : { delay: options.delayMs }),
    ...(options.priority === undefined ? {} : { priority: options.priority }),
  };
  return { name, data, opts };
}

type CheckedJob = ReturnType<typeof checkedJob>;

/** Places taken at a time; bounds how long Redis is busy with it. */
const placesAtOnce = 1_000;

/**
 * Gives jobs their places in line. A delayed job takes its place when it is due, and so does every job of a queue whose
 * connection is not ours to use: the worker sees to both.
 */
async function takePlaces(
  queue: Queue,
  name: QueueName,
  jobs: readonly CheckedJob[],
): Promise<CheckedJob[]> {
  const redis = queue.opts.connection;
  if (!(redis instanceof Redis)) return [...jobs];
  const isExclusive = exclusiveQueues.has(name);
  const line = new FairLine(redis, { base: queue.toKey(""), isExclusive });
  const placed = [...jobs];
  const due = jobs.flatMap((job, index) => (job.opts.delay || job.opts.priority ? [] : [index]));
  for (let from = 0; from < due.length; from += placesAtOnce) {
    const indices = due.slice(from, from + placesAtOnce);
    const applicants = indices.flatMap((index) => jobs[index] ?? []).map(describe);
    const places = await line.givePlaces(applicants);
    for (const [order, index] of indices.entries()) {
      const [job, priority] = [jobs[index], places[order]];
      if (job && priority) placed[index] = { ...job, opts: { ...job.opts, priority } };
    }
  }
  return placed;
}

function describe({ data, opts }: CheckedJob) {
  return { jobId: opts.jobId, user: String(data.userId), twin: twinOf(data) };
}
