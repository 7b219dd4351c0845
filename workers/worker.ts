import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "bullmq";
import type { Redis } from "ioredis";
import { exclusiveQueues, type QueueName } from "../queues/contract.ts";
import { contracts } from "../queues/contracts.ts";
import { FairLine } from "../queues/fair-line.ts";
import { retention } from "../queues/retention.ts";
import type { Logger } from "../runtime/log.ts";
import type { Handlers } from "./handler.ts";
import { cancelReasons, makeProcessor } from "./process-job.ts";
import type { RunServices } from "./run-job.ts";
import { Turns } from "./turns.ts";

export interface WorkerOptions {
  connection: Redis;
  prefix: string;
  queues: readonly QueueName[];
  /** Jobs at once per queue; the contract's number where absent. */
  concurrency: Partial<Record<QueueName, number | undefined>>;
  /** How long running jobs may finish after `close` was called before they are handed back, in milliseconds. */
  drainMs: number;
  /** How soon a job of a killed worker starts again, in milliseconds: `crashRecovery` if absent. */
  locks?: { lockDuration: number; stalledInterval: number };
  /** How long handed-back jobs may take to stop before the process ends without them, in milliseconds. */
  patienceMs?: number;
  /** Jobs of one user that run at once per queue, in all processes; no limit if 0 or absent. */
  userConcurrency?: number;
}

export interface RunningWorkers {
  /** Resolves when every worker is connected and takes jobs. */
  ready(): Promise<void>;
  /**
   * Stops taking jobs, lets running ones finish for the drain time, hands the rest back, and resolves, at the latest when
   * the patience with jobs that do not stop is over.
   */
  close(): Promise<void>;
}

/**
 * A job whose worker was killed starts again within lock + two checks = 25 s at most while another worker lives (BullMQ's
 * defaults need 90 s). Two, because a check is left out when another one, of whichever worker, was less than an
 * interval ago: of one worker alone every third is, as it comes within the millisecond.
 */
const crashRecovery = { lockDuration: 15_000, stalledInterval: 5_000 };

/** The ledger counts crashes and ends poisoned jobs; BullMQ's own count would end them without a word in the ledger. */
const stallsLeftToTheLedger = 1_000;

/** Starts one BullMQ worker per queue. */
export function startWorkers(
  handlers: Handlers,
  services: RunServices,
  options: WorkerOptions,
): RunningWorkers {
  const workers = options.queues.map((name) => startWorker(name, handlers, services, options));
  const connected = new Set<Worker>();
  for (const worker of workers) worker.once("ready", () => connected.add(worker));
  return {
    ready: async () => {
      await Promise.all(workers.map(async (worker) => worker.waitUntilReady()));
    },
    close: async () => {
      await Promise.all(
        workers.map(async (worker, index) => {
          // It has no jobs, and would wait for Redis before it ends.
          if (!connected.has(worker)) return worker.close(true);
          const { patienceMs = patienceOf(options.queues[index] ?? "sync") } = options;
          return drain(worker, { drainMs: options.drainMs, patienceMs }, services.log);
        }),
      );
    },
  };
}

function startWorker(
  name: QueueName,
  handlers: Handlers,
  services: RunServices,
  options: WorkerOptions,
): Worker {
  const { connection, prefix, userConcurrency = 0 } = options;
  const base = `${prefix}:${name}:`;
  const line = new FairLine(connection, { base, isExclusive: exclusiveQueues.has(name) });
  const turns = new Turns(name, { line, database: services.database, userConcurrency });
  const locks = options.locks ?? crashRecovery;
  // A lock is renewed in its middle, so a worker was killed at least half of it before its job is taken: two beats and more.
  const running = { ...services, heartbeatMs: locks.lockDuration / 5 };
  const worker = new Worker(name, makeProcessor(name, handlers, running, turns), {
    connection,
    prefix,
    concurrency: options.concurrency[name] ?? contracts[name].concurrency,
    ...locks,
    ...retention,
    maxStalledCount: stallsLeftToTheLedger,
    runRetryDelay: 1_000,
    metrics: { maxDataPoints: 60 * 24 },
  });
  worker.on("error", (error) => services.log.error({ err: error, queue: name }, "worker error"));
  worker.on("stalled", (jobId) => {
    services.counts?.stalled(name);
    services.log.warn({ queue: name, job_id: jobId }, "job stalled");
  });
  worker.on("lockRenewalFailed", (jobIds) => {
    services.counts?.locksLost(name, jobIds.length);
    for (const jobId of jobIds) worker.cancelJob(jobId, cancelReasons.lockLost);
  });
  return worker;
}

/** Most of what is left to do of an aborted job in milliseconds; terraform gets the time that it needs to stop in order. */
function patienceOf(name: QueueName): number {
  return name === "terraform-apply" ? 4 * 60_000 : 10_000;
}

/**
 * `Worker.close()` waits for running jobs for ever and cannot be hurried later, so jobs are cancelled beside it. A job
 * that does not stop then is left: the process ends, and another worker starts it again as after a crash.
 */
async function drain(
  worker: Worker,
  { drainMs, patienceMs }: Patience,
  log: Logger,
): Promise<void> {
  const closed = worker.close();
  if (await endsWithin(closed, drainMs)) return;
  worker.cancelAllJobs(cancelReasons.stopping);
  if (await endsWithin(closed, patienceMs)) return;
  log.warn(
    { queue: worker.name },
    "a job does not stop; it starts again elsewhere, as after a crash",
  );
}

interface Patience {
  drainMs: number;
  patienceMs: number;
}

async function endsWithin(work: Promise<void>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const timeout = delay(ms, false, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), timeout]);
  } finally {
    timer.abort();
  }
}
