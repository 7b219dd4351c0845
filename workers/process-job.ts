import { DelayedError, type Job, UnrecoverableError, WaitingError } from "bullmq";
import { retryDelay } from "../queues/backoff.ts";
import type { QueueName } from "../queues/contract.ts";
import { contracts } from "../queues/contracts.ts";
import { LostClaimError } from "../tables/claims.ts";
import { HandBackError } from "./errors.ts";
import type { Handlers } from "./handler.ts";
import { rejectEmptyJob } from "./reject-job.ts";
import { type FinishedRun, type RunServices, runJob } from "./run-job.ts";
import type { Turns } from "./turns.ts";

/** Reasons with which the worker cancels jobs through BullMQ, which passes strings only. */
export const cancelReasons = { stopping: "stopping", lockLost: "lock-lost" } as const;

/** Wait before a job is looked at again that could not even be claimed, in milliseconds. */
const ledgerAwayDelayMs = 2_000;

/** The longest wait that a provider may ask for, in milliseconds; one that means more is asked again. */
const longestRetryMs = 24 * 60 * 60 * 1_000;

/** What tells BullMQ where the job went, or that it failed: nothing of it is for us to judge. */
const decided = [UnrecoverableError, WaitingError, DelayedError];

type Processor = (
  job: Job,
  token: string | undefined,
  signal: AbortSignal | undefined,
) => Promise<unknown>;

/**
 * The function that BullMQ calls: runs the job and turns its outcome into BullMQ's moves. Attempts are counted by the
 * ledger and not by BullMQ, so that a producer who sends none, or absurd ones, gets the contract's.
 *
 * BullMQ passes the signal only to functions that declare three parameters; a test pins that.
 */
export function makeProcessor<Name extends QueueName>(
  name: Name,
  handlers: Pick<Handlers, Name>,
  services: RunServices,
  turns: Turns,
): Processor {
  const runInTurn = async (
    job: Job,
    token: string | undefined,
    signal: AbortSignal,
  ): Promise<FinishedRun> => {
    const admission = await turns.take(job, token);
    try {
      const delivered = deliver(job, admission.supersededBy);
      return await runJob(name, handlers[name], services, delivered, signal);
    } finally {
      // If this fails, the slot is free again as soon as the job's lock is gone.
      await admission.leave().catch((error: unknown) => {
        services.log.warn({ err: error, queue: name, job_id: job.id }, "slot not given back");
      });
    }
  };
  return async (job, token, signal) => {
    let finished: FinishedRun;
    try {
      const rejection = await rejectEmptyJob(name, services, job);
      if (rejection) throw new UnrecoverableError(`${rejection.reason} ${rejection.message}`);
      finished = await runInTurn(job, token, translate(signal));
    } catch (error) {
      if (decided.some((kind) => error instanceof kind)) throw error;
      // The ledger is out of reach, so nothing was decided; the job must neither fail nor spin.
      services.log.error({ err: error, queue: name, job_id: job.id }, "ledger out of reach");
      return moveToDelayed(job, token, ledgerAwayDelayMs);
    }
    return settle(name, job, token, finished, turns);
  };
}

function deliver(job: Job, supersededBy: string | undefined): Parameters<typeof runJob>[3] {
  return {
    supersededBy,
    id: job.id ?? "",
    queuedAt: new Date(job.timestamp),
    data: job.data,
    stalls: counterOf(job.stalledCounter),
    // BullMQ counts an attempt when a job ends, and forgets the time of the end when somebody puts the job back.
    retries: counterOf(job.attemptsMade - (job.finishedOn ? 1 : 0)),
    log: async (line) => job.log(line),
    updateProgress: async (progress) => job.updateProgress(progress),
  };
}

/** A counter of BullMQ's for a column of the ledger; anybody can have written anything into the job's key. */
function counterOf(value: number): number {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 31 ? value : 0;
}

/** BullMQ aborts with a string; handlers and the classification know our own errors. */
function translate(signal: AbortSignal | undefined): AbortSignal {
  const abort = new AbortController();
  const onAbort = (): void => {
    const isLost = signal?.reason === cancelReasons.lockLost;
    abort.abort(isLost ? new LostClaimError("unknown") : new HandBackError());
  };
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  return abort.signal;
}

async function settle(
  name: QueueName,
  job: Job,
  token: string | undefined,
  { outcome, attempt }: FinishedRun,
  turns: Turns,
): Promise<unknown> {
  if (outcome.kind === "done") return outcome.result;
  if (outcome.kind === "lost") return moveToDelayed(job, token, ledgerAwayDelayMs);
  if (outcome.kind === "hand-back") return turns.putBack(job, token);
  if (outcome.kind === "postpone") {
    // A random tenth on top, so that all who wait for the same thing do not come back at once.
    return moveToDelayed(job, token, Math.round(outcome.afterMs * (1 + Math.random() / 10)));
  }
  if (outcome.kind === "retry") {
    const delay = retryDelay(contracts[name].backoff, attempt, Math.random());
    const wanted = Math.min(outcome.afterMs ?? 0, longestRetryMs);
    return moveToDelayed(job, token, Math.max(delay, wanted));
  }
  // What dashboards show: the code first, then the field and the words.
  throw new UnrecoverableError(`${outcome.code} ${outcome.message}`);
}

async function moveToDelayed(job: Job, token: string | undefined, delayMs: number): Promise<never> {
  await job.moveToDelayed(Date.now() + delayMs, token);
  throw new DelayedError();
}
