/** Bounds on what one call may cost. Times in milliseconds. */
export interface GcpLimits {
  /** One HTTP exchange of a listing. */
  requestTimeout: number;
  /** One HTTP exchange of a health check. */
  healthTimeout: number;
  /** Tries of one listing call before the failure is reported. */
  attempts: number;
  /** First pause between tries; doubles with each, jittered. */
  backoff: number;
  /** A longer `Retry-After` is not waited for but reported, so that a job is put off instead of a worker blocked. */
  longestWait: number;
}

export const defaultLimits: GcpLimits = {
  requestTimeout: 30_000,
  healthTimeout: 10_000,
  attempts: 3,
  backoff: 400,
  longestWait: 5_000,
};
