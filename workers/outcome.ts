import { QueryFailedError } from "typeorm";
import { ProviderError } from "../providers/errors.ts";
import { InvalidPayloadError } from "../queues/parse-payload.ts";
import { redactText } from "../runtime/redact.ts";
import { storableText } from "../runtime/storable.ts";
import { LostClaimError } from "../tables/claims.ts";
import {
  GiveUpError,
  HandBackError,
  HeldError,
  JobTimeoutError,
  PostponeError,
  RetryError,
} from "./errors.ts";

/** How one run of a job ended: the vocabulary that the ledger, the log, metrics and BullMQ's moves share. */
export type Outcome =
  | { kind: "done"; result: unknown }
  | { kind: "retry"; code: string; message: string; afterMs: number | undefined }
  | { kind: "postpone"; code: string; message: string; afterMs: number }
  | { kind: "give-up"; code: string; message: string }
  | { kind: "failed"; code: string; message: string }
  | { kind: "hand-back" }
  | { kind: "held"; code: string; message: string }
  | { kind: "lost" };

/** The longest message that is stored; SDKs and binaries sometimes return whole pages. */
const longestMessage = 1_000;

/** Decides what an error thrown by any step of a job means. Unknown errors are our own bugs and are tried again. */
export function classify(error: unknown): Outcome {
  const message = describe(error);
  if (error instanceof LostClaimError) return { kind: "lost" };
  if (error instanceof HandBackError) return { kind: "hand-back" };
  if (error instanceof HeldError) return { kind: "held", code: error.code, message };
  if (error instanceof InvalidPayloadError || error instanceof GiveUpError) {
    return { kind: "give-up", code: error.code, message };
  }
  if (error instanceof PostponeError) {
    return { kind: "postpone", code: error.code, message, afterMs: error.afterMs };
  }
  if (error instanceof RetryError) {
    return { kind: "retry", code: error.code, message, afterMs: error.afterMs };
  }
  if (error instanceof JobTimeoutError) {
    return { kind: "retry", code: error.code, message, afterMs: undefined };
  }
  if (error instanceof ProviderError) {
    if (!error.isTransient) return { kind: "give-up", code: error.code, message };
    return { kind: "retry", code: error.code, message, afterMs: error.retryAfterMs };
  }
  if (isDatabaseTrouble(error)) {
    return { kind: "retry", code: "DATABASE_UNAVAILABLE", message, afterMs: undefined };
  }
  return { kind: "retry", code: "INTERNAL_ERROR", message, afterMs: undefined };
}

/** Whether a handler decided by itself how the job ends; an abort that comes on top changes nothing. */
export function isVerdict(error: unknown): boolean {
  return [GiveUpError, HeldError, RetryError, PostponeError, LostClaimError].some(
    (kind) => error instanceof kind,
  );
}

function describe(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return storableText(redactText(text).slice(0, longestMessage));
}

/**
 * SQLSTATE classes 08 (connection), 53 (resources), 57P (shutdown) and 40 (rollback), 25006 (read-only: a standby, or a
 * primary that is being replaced), 57014 (statement timeout), and broken sockets.
 */
const databaseTrouble = /^(?:08|53|57P|40|25006|57014)/;
const socketTrouble = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT"]);

function isDatabaseTrouble(error: unknown): boolean {
  if (error instanceof QueryFailedError) {
    const { code }: { code?: unknown } = error.driverError;
    return typeof code !== "string" || databaseTrouble.test(code) || socketTrouble.has(code);
  }
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  if (typeof code === "string" && socketTrouble.has(code)) return true;
  return (
    error instanceof Error &&
    /Connection terminated|timeout exceeded when trying/.test(error.message)
  );
}
