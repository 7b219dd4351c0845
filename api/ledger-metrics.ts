import type { Registry } from "prom-client";
import type { DataSource } from "typeorm";
import { addGauge } from "../runtime/metrics.ts";
import { countRecentRuns, countUnfinishedRuns, type RunCount } from "../tables/job-runs.ts";
import { countRejectedJobs } from "../tables/rejected-jobs.ts";

/** What the ledger says of jobs: those that have not ended, and how those of the last hour ended. */
export function addLedgerMetrics(registry: Registry, database: DataSource): void {
  addGauge(registry, {
    name: "mcw_job_runs_unfinished",
    help: "Jobs of the ledger that run, wait for another try, or are held.",
    labelNames: ["queue", "state"],
    read: async () => samples(await countUnfinishedRuns(database)),
  });
  addGauge(registry, {
    name: "mcw_job_runs_last_hour",
    help: "Jobs that a worker first saw in the last hour, by where they are now.",
    labelNames: ["queue", "state"],
    read: async () => samples(await countRecentRuns(database)),
  });
  addGauge(registry, {
    name: "mcw_jobs_rejected",
    help: "Jobs of the ledger that were taken out of their queue because no worker can run them.",
    labelNames: ["queue", "reason"],
    read: async () => {
      const counts = await countRejectedJobs(database);
      return counts.map(({ count, ...labels }) => ({ labels, value: count }));
    },
  });
}

function samples(counts: readonly RunCount[]) {
  return counts.map(({ queue, state, count }) => ({ labels: { queue, state }, value: count }));
}
