import type { JobRun } from "../entities/job-run.ts";
import type { QueueName } from "../queues/contract.ts";
import { contracts, type Payloads } from "../queues/contracts.ts";
import type { Logger } from "../runtime/log.ts";
import { storableValue } from "../runtime/storable.ts";
import { LostClaimError, recordEnding } from "../tables/claims.ts";
import { claim, type DeliveredJob, earlierOutcome, type Parsed, parse } from "./claim-job.ts";
import { GiveUpError, JobTimeoutError } from "./errors.ts";
import type { Handler, JobContext } from "./handler.ts";
import { Lease, usualHeartbeatMs } from "./lease.ts";
import { classify, isVerdict, type Outcome } from "./outcome.ts";
import type { Services } from "./services.ts";

/** After so many starts that ended with the worker gone, the job is taken for the reason. */
export const poisonedAfterCrashes = 3;

/** What came of a delivery: the outcome, and which attempt it was. */
export interface FinishedRun {
  outcome: Outcome;
  attempt: number;
}

/** A run that has ended, for whoever counts them. */
export interface EndedRun {
  queue: QueueName;
  outcome: Outcome;
  durationMs: number;
}

/** Told what happens to jobs in this process. */
export interface JobCounts {
  ended(end: EndedRun): void;
  /** This process has put a job back whose worker had gone silent: of all workers, only one does that for each stall. */
  stalled(queue: QueueName): void;
  /** This process could not renew the locks of so many of its running jobs: others may have taken them. */
  locksLost(queue: QueueName, jobs: number): void;
}

/** What running jobs needs besides the services of the handlers. */
export interface RunServices extends Services {
  log: Logger;
  counts?: JobCounts;
  /** How often a running job shows that its worker is alive; `usualHeartbeatMs` if absent. */
  heartbeatMs?: number;
}

/**
 * Takes one delivered job through its named steps: parse, claim, arm, perform (the handler's first line authorises),
 * classify, record. Never throws for a reason that lies in the job; throws when the ledger cannot be reached, and then
 * nothing has happened.
 */
export async function runJob<Name extends QueueName>(
  name: Name,
  handler: Handler<Name>,
  services: RunServices,
  job: DeliveredJob,
  signal: AbortSignal,
): Promise<FinishedRun> {
  const startedAt = performance.now();
  const payload = parse(name, job.data);
  const { kind, run } = await claim(name, services, job, payload);
  const log = services.log.child(describe(name, job, run));
  if (kind === "ended") {
    const outcome = earlierOutcome(run);
    log.info({ outcome: outcome.kind }, "job was finished by an earlier run");
    return { outcome, attempt: run.attempt };
  }
  if (kind === "busy") {
    log.info({ worker: run.worker }, "job is being worked on already");
    return { outcome: { kind: "lost" }, attempt: run.attempt };
  }
  const abort = new AbortController();
  const held = { runId: run.id, fencingToken: run.fencingToken };
  const { heartbeatMs = usualHeartbeatMs } = services;
  const lease = new Lease(services.database, held, { abort, heartbeatMs });
  const disarm = arm(abort, signal, contracts[name].timeoutMs);
  let outcome: Outcome;
  try {
    const context = makeContext(run, lease, log, job);
    const dependencies = { ...services, ...context };
    outcome = await perform(handler, dependencies, payload, run, abort.signal, job.supersededBy);
  } finally {
    disarm();
    lease.release();
  }
  // What is committed is done, whatever the handler came to afterwards.
  if (lease.finished) outcome = { kind: "done", ...lease.finished };
  outcome = settle(outcome, run.attempt, contracts[name].attempts);
  await record(services, lease, outcome);
  const durationMs = performance.now() - startedAt;
  report(log, outcome, durationMs);
  services.counts?.ended({ queue: name, outcome, durationMs });
  return { outcome, attempt: run.attempt };
}

function describe(name: QueueName, job: DeliveredJob, run: JobRun): Record<string, unknown> {
  return {
    queue: name,
    job_id: job.id,
    run_id: run.id,
    attempt: run.attempt,
    user_id: run.userId,
    credential_id: run.credentialId,
    resource_id: run.resourceId,
    traceparent: run.traceparent,
  };
}

/** Lets the queue's signal and the contract's time limit abort the job. Returns how to take both off again. */
function arm(abort: AbortController, signal: AbortSignal, timeoutMs: number): () => void {
  const onAbort = (): void => abort.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(() => abort.abort(new JobTimeoutError(timeoutMs)), timeoutMs);
  return () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  };
}

function makeContext(
  run: JobRun,
  lease: Lease,
  log: Logger,
  job: DeliveredJob,
): JobContext & { log: Logger } {
  return {
    runId: run.id,
    log,
    commit: async (work, on) => lease.commit(work, on),
    finish: async (work, on) => lease.finish(work, on),
    progress: async (percent, note) => {
      await job.updateProgress(percent);
      if (note !== undefined) await job.log(note);
    },
  };
}

async function perform<Name extends QueueName>(
  handler: Handler<Name>,
  dependencies: Services & JobContext,
  parsed: Parsed<Payloads[Name]>,
  run: JobRun,
  signal: AbortSignal,
  supersededBy: string | undefined,
): Promise<Outcome> {
  try {
    if ("error" in parsed) throw parsed.error;
    if (supersededBy) return { kind: "done", result: { superseded: true, by: supersededBy } };
    if (run.crashes >= poisonedAfterCrashes) {
      throw new GiveUpError("POISONED", `its worker died ${run.crashes} times while running it`);
    }
    signal.throwIfAborted();
    return { kind: "done", result: await handler(dependencies, parsed.payload, signal) };
  } catch (error) {
    // An SDK wraps the abort in an error of its own; unless the handler gave its verdict, why we aborted counts.
    return classify(signal.aborted && !isVerdict(error) ? signal.reason : error);
  }
}

/** A retry that has no attempt left is a failure. */
function settle(outcome: Outcome, attempt: number, attempts: number): Outcome {
  if (outcome.kind !== "retry" || attempt < attempts) return outcome;
  return { kind: "failed", code: outcome.code, message: outcome.message };
}

const endings = {
  done: "done",
  retry: "retrying",
  postpone: "handed-back",
  "give-up": "given-up",
  failed: "failed",
  held: "held",
  "hand-back": "handed-back",
  lost: "handed-back",
} as const;

async function record(services: Services, lease: Lease, outcome: Outcome): Promise<void> {
  if (lease.finished) return;
  try {
    const ending = {
      state: endings[outcome.kind],
      ...("result" in outcome ? { result: storableValue(outcome.result) } : {}),
      ...("code" in outcome ? { errorCode: outcome.code, errorMessage: outcome.message } : {}),
    };
    await services.database.transaction(async (manager) =>
      recordEnding(manager, lease.claim, ending),
    );
  } catch (error) {
    // Only the lock in Redis may be lost: then this worker has stopped in order, and whoever takes the job is told so.
    if (outcome.kind !== "lost" || !(error instanceof LostClaimError)) throw error;
  }
}

function report(log: Logger, outcome: Outcome, durationMs: number): void {
  const facts = { outcome: outcome.kind, duration_ms: Math.round(durationMs) };
  if (outcome.kind === "done" || outcome.kind === "hand-back") log.info(facts, "job ended");
  else if ("code" in outcome) {
    log.warn(
      { ...facts, "error.code": outcome.code, "error.message": outcome.message },
      "job ended",
    );
  } else log.warn(facts, "job ended");
}
