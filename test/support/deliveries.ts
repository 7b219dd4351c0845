import { pino } from "pino";
import type { JobRun } from "../../entities/job-run.ts";
import { findJobRun } from "../../tables/job-runs.ts";
import type { DeliveredJob } from "../../workers/claim-job.ts";
import type { Handler } from "../../workers/handler.ts";
import { type FinishedRun, runJob } from "../../workers/run-job.ts";
import type { TestDatabase } from "./database.ts";
import { testServices } from "./worker-services.ts";

/** A sync as a queue delivers it. */
export function delivery(changes: Partial<DeliveredJob> = {}): DeliveredJob {
  return {
    id: "job-1",
    queuedAt: new Date("2026-01-01T00:00:00Z"),
    data: { userId: 1, credentialId: 2 },
    stalls: 0,
    retries: 0,
    log: async () => {},
    updateProgress: async () => {},
    ...changes,
  };
}

/** Delivers jobs without a queue. */
export interface Deliveries {
  run: (handler: Handler<"sync">, job?: DeliveredJob, signal?: AbortSignal) => Promise<FinishedRun>;
  /** The row of `job-1`. */
  ledger: () => Promise<JobRun | null>;
}

/** Runs what is delivered on a test's database. */
export function deliveries({ dataSource }: TestDatabase): Deliveries {
  const services = { ...testServices(dataSource), log: pino({ level: "silent" }) };
  const neverAborts = new AbortController().signal;
  return {
    run: async (handler, job = delivery(), signal = neverAborts) =>
      runJob("sync", handler, services, job, signal),
    ledger: async () => findJobRun(dataSource, "sync", "job-1"),
  };
}
