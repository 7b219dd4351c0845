import { Counter, Histogram, type Registry } from "prom-client";
import type { EndedRun } from "./run-job.ts";

/** From a health check of a tenth of a second to an apply of an hour. */
const durationBuckets = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600];

/**
 * Counts ended runs: `mcw_jobs_total{queue,outcome,code}` and `mcw_job_duration_seconds{queue}`. Users are no label:
 * there are too many of them; the ledger knows them.
 */
export function countJobs(registry: Registry): (end: EndedRun) => void {
  const total = new Counter({
    name: "mcw_jobs_total",
    help: "Runs of jobs that have ended, by what came of them.",
    labelNames: ["queue", "outcome", "code"],
    registers: [registry],
  });
  const duration = new Histogram({
    name: "mcw_job_duration_seconds",
    help: "How long runs of jobs took.",
    labelNames: ["queue"],
    buckets: durationBuckets,
    registers: [registry],
  });
  return ({ queue, outcome, durationMs }) => {
    const code = "code" in outcome ? outcome.code : "";
    total.inc({ queue, outcome: outcome.kind, code });
    duration.observe({ queue }, durationMs / 1_000);
  };
}
