import type { EntityManager } from "typeorm";
import type { QueueName } from "../queues/contract.ts";
import type { Payloads } from "../queues/contracts.ts";
import type { Logger } from "../runtime/log.ts";
import type { Work } from "./lease.ts";
import type { Services } from "./services.ts";

/** What a handler can do about the job it runs, besides its work. */
export interface JobContext {
  /** `job_runs.id`. */
  runId: string;
  /** A child logger that names the job. */
  log: Logger;
  /** Runs effects in one fenced transaction, on a connection of its own or the given one; see Lease. */
  commit: <T>(work: Work<T>, on?: EntityManager) => Promise<T>;
  /** The last effects and the ledger's `done` in one transaction. The value becomes the job's result. */
  finish: <T>(work: Work<T>, on?: EntityManager) => Promise<T>;
  /** Shows how far the job is, 0 to 100, on dashboards; with a note it also goes to the job's own log. */
  progress: (percent: number, note?: string) => Promise<void>;
}

/**
 * One kind of job. Returns what the ledger keeps as its result; throws GiveUpError, RetryError, HeldError or a
 * ProviderError to say how it failed. Stops soon after the signal aborts by throwing `signal.reason`.
 */
export type Handler<Name extends QueueName> = (
  dependencies: Services & JobContext,
  payload: Payloads[Name],
  signal: AbortSignal,
) => Promise<unknown>;

export type Handlers = { [Name in QueueName]: Handler<Name> };
