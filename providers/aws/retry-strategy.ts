import { StandardRetryStrategy } from "@smithy/util-retry";

type Token = Awaited<ReturnType<StandardRetryStrategy["acquireInitialRetryToken"]>>;
/**
 * A longer `Retry-After` is not waited for but reported, so that a job is put off instead of a worker blocked; the SDK
 * would come back before its time. In milliseconds.
 */
const longestWaitMs = 5_000;

type ErrorInfo = Parameters<StandardRetryStrategy["refreshRetryTokenForRetry"]>[1];

/**
 * The SDK's standard retries without its quota. The quota is 500 tokens for a client object and five for a retry, so
 * of 120 parallel listings through one client that are throttled twice each, over 110 fail. A listing is bounded by
 * its attempts instead; all state of a call is in its token, so a new standard strategy for each step has no quota
 * to run out of.
 */
export class UnsharedRetryStrategy {
  readonly mode = "standard";
  private readonly attempts: number;

  /** `attempts`: calls in all, the first one included. */
  constructor(attempts: number) {
    this.attempts = attempts;
  }

  acquireInitialRetryToken(scope: string): Promise<Token> {
    return new StandardRetryStrategy(this.attempts).acquireInitialRetryToken(scope);
  }

  async refreshRetryTokenForRetry(token: Token, error: ErrorInfo): Promise<Token> {
    const waitMs = (error.retryAfterHint?.getTime() ?? 0) - Date.now();
    // What is thrown here only ends the attempts; the caller gets the error of the call.
    if (waitMs > longestWaitMs) throw new Error("the wait is too long");
    return new StandardRetryStrategy(this.attempts).refreshRetryTokenForRetry(token, error);
  }

  /** Successes refill a quota; there is none. */
  recordSuccess(_token: Token): void {}
}
