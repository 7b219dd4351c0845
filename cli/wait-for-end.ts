import { setTimeout as delay } from "node:timers/promises";
import type { JobRun } from "../entities/job-run.ts";
import { finalStates } from "../tables/claims.ts";

/** Milliseconds between two looks: short for jobs of a second, and next to nothing for those of an hour. */
const pause = { first: 100, longest: 1_000, growth: 1.2 };

/**
 * Looks into the ledger again and again until the job has ended or the signal aborts, and returns what it saw last, null
 * if the ledger does not know the job yet. Nothing tells of changes in the ledger: most jobs have nobody who waits.
 */
export async function waitForEnd(
  look: () => Promise<JobRun | null>,
  signal: AbortSignal,
): Promise<JobRun | null> {
  for (let ms = pause.first; ; ms = Math.min(ms * pause.growth, pause.longest)) {
    const run = await look();
    if (signal.aborted || (run && finalStates.includes(run.state))) return run;
    await delay(ms, undefined, { signal }).catch(() => {});
  }
}
