import type { HealthStatus } from "../entities/provider-health.ts";

/** What one check found: all is well, a definite trouble, or no answer at all. */
export type Finding = HealthStatus | "unanswered";

/** What is kept of a credential's checks. */
export interface HealthState {
  status: HealthStatus;
  /** Checks in a row without an answer; -1 after the first good one that followed; 0 otherwise. */
  unansweredChecks: number;
}

/** So many checks without an answer, at five minutes from one to the next, are more than a hiccup (Gatus: 3). */
const errorAfter = 3;

/**
 * The state after a check. What a provider says counts at once, good or bad. Silence is damped: it makes a credential
 * that worked degraded first, and an error only at the third time in a row; two good checks in a row end it. Of a
 * credential that was never checked nothing good is known: silence is an error.
 */
export function nextHealth(before: HealthState | null, finding: Finding): HealthState {
  const unanswered = before?.unansweredChecks ?? 0;
  if (finding === "unanswered") {
    const inRow = Math.max(unanswered, 0) + 1;
    const wasSound = before !== null && before.status !== "error";
    const status = wasSound && inRow < errorAfter ? "degraded" : "error";
    return { status, unansweredChecks: inRow };
  }
  if (finding === "healthy" && unanswered > 0) return { status: "degraded", unansweredChecks: -1 };
  return { status: finding, unansweredChecks: 0 };
}
