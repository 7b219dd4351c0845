import type { JobContract } from "./contract.ts";

/**
 * How long to wait before attempt `attempt + 1`, in milliseconds: doubled each time up to the cap, and of that a random
 * half to whole, so that jobs that failed together do not come back together. `random` is in [0, 1).
 */
export function retryDelay(
  backoff: JobContract<unknown>["backoff"],
  attempt: number,
  random: number,
): number {
  const ceiling = Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(ceiling * (0.5 + random / 2));
}
