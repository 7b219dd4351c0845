import type { DataSource } from "typeorm";
import type { Logger } from "../runtime/log.ts";
import { purgeJobRuns } from "../tables/job-runs.ts";
import { type Periodic, startPeriodic } from "./periodic.ts";

const hourMs = 60 * 60 * 1_000;

/** Forgets, every hour, jobs that ended more than so many days ago. Any number of replicas may do so. */
export function startRetention(database: DataSource, days: number, log: Logger): Periodic {
  const work = async (): Promise<void> => {
    const purged = await purgeJobRuns(database, days);
    if (purged > 0) log.info({ purged, days }, "forgot old jobs");
  };
  return startPeriodic({ task: "retention", everyMs: hourMs, work, log });
}
