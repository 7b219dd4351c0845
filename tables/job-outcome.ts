import type { JobRun } from "../entities/job-run.ts";

/** What whoever asked for a job is told of it, by every way of asking (docs/job-contract.md). */
export interface JobOutcome {
  jobId: string;
  /** The state in the ledger. */
  outcome: string;
  errorCode: string | null;
  message: string | null;
  attempts: number;
  /** Null until the job is done. */
  result: unknown;
}

/** What the ledger says of a job. */
export function outcomeOf(jobId: string, run: JobRun): JobOutcome {
  return {
    jobId,
    outcome: run.state,
    errorCode: run.errorCode,
    message: run.errorMessage,
    attempts: run.attempt,
    result: run.result,
  };
}
