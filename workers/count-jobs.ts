import { Counter, Histogram, type Registry } from "prom-client";
import type { QueueName } from "../queues/contract.ts";
import type { JobCounts } from "./run-job.ts";

/** From a health check of a tenth of a second to an apply of an hour. */
const durationBuckets = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600];

/**
 * Counts what happens to jobs of these queues in this process; sums over all processes count everything once. Users are
 * no label: there are too many of them; the ledger knows them.
 */
export function countJobs(registry: Registry, queues: readonly QueueName[]): JobCounts {
  const registers = [registry];
  const total = new Counter({
    name: "mcw_jobs_total",
    help: "Runs of jobs that have ended, by what came of them.",
    labelNames: ["queue", "outcome", "code"],
    registers,
  });
  const duration = new Histogram({
    name: "mcw_job_duration_seconds",
    help: "How long runs of jobs took.",
    labelNames: ["queue"],
    buckets: durationBuckets,
    registers,
  });
  const stalled = new Counter({
    name: "mcw_jobs_stalled_total",
    help: "Jobs that this process put back because their worker had gone silent.",
    labelNames: ["queue"],
    registers,
  });
  const locksLost = new Counter({
    name: "mcw_worker_lock_renewal_failures_total",
    help: "Running jobs of this process whose lock was gone when it was to be renewed.",
    labelNames: ["queue"],
    registers,
  });
  // Zero from the start, so that a rate sees the first one.
  for (const queue of queues) for (const counter of [stalled, locksLost]) counter.inc({ queue }, 0);
  return {
    ended: ({ queue, outcome, durationMs }) => {
      const code = "code" in outcome ? outcome.code : "";
      total.inc({ queue, outcome: outcome.kind, code });
      duration.observe({ queue }, durationMs / 1_000);
    },
    stalled: (queue) => stalled.inc({ queue }),
    locksLost: (queue, jobs) => locksLost.inc({ queue }, jobs),
  };
}
