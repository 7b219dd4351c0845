import { ReplyError } from "ioredis";
import type { DataSource } from "typeorm";
import type { QueueName } from "../queues/contract.ts";
import { type RawJob, type RawState, rawStates, rejectionOf } from "../queues/raw-job.ts";
import type { RawQueue } from "../queues/raw-queue.ts";
import type { Logger } from "../runtime/log.ts";
import { keepRejectedJob } from "../tables/rejected-jobs.ts";
import { toRejectedJob } from "./rejected-job.ts";

const pageSize = 200;
/**
 * Entries of one place that one sweep looks at; a longer place is looked at from where the last sweep stopped.
 * Measured: 20,000 entries take 0.6 s, half of it ours.
 */
const entriesPerSweep = 20_000;

/** Where the next sweep of each place begins. */
export type SweepCursor = Map<RawState, number>;

export interface Sweep {
  name: QueueName;
  queue: RawQueue;
  database: DataSource;
  log: Logger;
  cursor: SweepCursor;
}

/** Looks through every place of a queue and takes out what no worker can run. Returns how many entries that were. */
export async function sweepQueue(sweep: Sweep): Promise<number> {
  let rejected = 0;
  for (const state of rawStates) {
    try {
      rejected += await sweepPlace(sweep, state);
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      // A place that cannot be read, such as one that somebody overwrote with a string, hides no other.
      sweep.log.error({ err: error, queue: sweep.name, place: state }, "cannot sweep");
    }
  }
  return rejected;
}

async function sweepPlace(sweep: Sweep, state: RawState): Promise<number> {
  let rejected = 0;
  let rank = sweep.cursor.get(state) ?? 0;
  for (let seen = 0; seen < entriesPerSweep; seen += pageSize) {
    const page = await sweep.queue.read(state, rank, pageSize);
    const before = rejected;
    for (const job of page.jobs) {
      if (await reject(sweep, state, job)) rejected += 1;
    }
    // What was taken out let its neighbours move up: the same ranks hold others now.
    if (rejected > before) continue;
    rank = page.isLast ? 0 : rank + pageSize;
    if (page.isLast) break;
  }
  sweep.cursor.set(state, rank);
  return rejected;
}

/**
 * Keeps a job, then removes it: killed in between, the next sweep does both again. A job that was mended in between
 * stays in its queue; a worker that takes it overwrites what was kept.
 */
async function reject(sweep: Sweep, state: RawState, job: RawJob): Promise<boolean> {
  const rejection = rejectionOf(job, state);
  if (!rejection) return false;
  const kept = toRejectedJob(sweep.name, job, rejection);
  const runId = await keepRejectedJob(sweep.database, kept);
  if (!(await sweep.queue.remove(job, state))) return false;
  const facts = { queue: sweep.name, job_id: kept.jobId, run_id: runId, place: state };
  sweep.log.warn({ ...facts, "error.code": rejection.reason }, "job rejected");
  return true;
}
