import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { ProviderError } from "../errors.ts";
import { translateGoogleError } from "./errors.ts";
import type { GcpLimits } from "./limits.ts";

export interface CallOptions {
  operation: string;
  signal: AbortSignal;
  limits: GcpLimits;
  /** Tries in all; `limits.attempts` if absent. */
  attempts?: number;
}

/**
 * Makes one call of a Google library, repeated while the failure is transient. The libraries' own retry is switched
 * off: theirs knows neither quota answers (403) nor broken connections, and when it gives up its error no longer says
 * whether Google throttled or was down.
 * Throws a ProviderError, or `signal.reason` soon after the signal aborts.
 */
export async function callGoogle<T>(send: () => Promise<T>, options: CallOptions): Promise<T> {
  const { signal, limits } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await untilAborted(send, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      const error = translateGoogleError(thrown, options.operation);
      if (attempt >= (options.attempts ?? limits.attempts)) throw error;
      const pause = pauseBefore(error, attempt, limits);
      if (pause === null) throw error;
      await pauseUnlessAborted(pause, signal);
    }
  }
}

/** The clients take no signal over REST, but the promises of the generated ones can be cancelled. */
async function untilAborted<T>(send: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const pending = send();
  const settled = new AbortController();
  try {
    return await Promise.race([pending, cancelOnAbort(pending, signal, settled.signal)]);
  } finally {
    settled.abort();
  }
}

async function cancelOnAbort(
  pending: Promise<unknown>,
  signal: AbortSignal,
  settled: AbortSignal,
): Promise<never> {
  await once(signal, "abort", { signal: settled });
  if ("cancel" in pending && typeof pending.cancel === "function") pending.cancel();
  throw signal.reason;
}

/** Milliseconds to wait before the next try; null when there should be none. */
function pauseBefore(error: ProviderError, attempt: number, limits: GcpLimits): number | null {
  if (error.fault !== "provider") return null;
  if (error.retryAfterMs !== undefined) {
    return error.retryAfterMs <= limits.longestWait ? error.retryAfterMs : null;
  }
  // Half fixed, half random, so that workers throttled together do not come back together.
  return limits.backoff * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
}

async function pauseUnlessAborted(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(milliseconds, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
}
