import { setTimeout as delay } from "node:timers/promises";

export interface UntilOptions {
  /** Default 40 s, below the time limit of a test, so that the message below is what one reads. */
  timeoutMs?: number;
  /** What is waited for, for the message: "the job is done". */
  what?: string;
}

const pollEveryMs = 10;

/**
 * Tries `condition` until it returns something truthy without throwing, and returns that. Throws after the
 * timeout, with the last failure as cause.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 40_000, what = "the condition holds" }: UntilOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  do {
    try {
      const value = await condition();
      if (value) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await delay(pollEveryMs);
  } while (performance.now() < deadline);
  throw new Error(`waited ${timeoutMs} ms in vain until ${what}`, { cause });
}
