import type { ResourceManagementClientOptionalParams } from "@azure/arm-resources";
import { answerError, codeOfBody } from "./errors.ts";
import { retryAfterMs } from "./retry-after.ts";

/** How patient a call is. */
export interface Patience {
  /** Attempts after the first; the packages' own policy waits between them. */
  maxRetries: number;
  /** First and longest pause between attempts when Azure does not name one, in milliseconds. */
  retryDelayMs: number;
  maxRetryDelayMs: number;
  /** A longer wait asked for by Azure ends the call as an error, so that no worker sleeps through it. */
  longestWaitMs: number;
  /** From sending one attempt to the last byte of its answer, in milliseconds. */
  attemptTimeoutMs: number;
}

export const listingPatience: Patience = {
  maxRetries: 3,
  retryDelayMs: 500,
  maxRetryDelayMs: 5_000,
  longestWaitMs: 5_000,
  attemptTimeoutMs: 30_000,
};

export const healthPatience: Patience = {
  ...listingPatience,
  maxRetries: 0,
  longestWaitMs: 0,
  attemptTimeoutMs: 5_000,
};

type AdditionalPolicy = NonNullable<
  ResourceManagementClientOptionalParams["additionalPolicies"]
>[number];

/**
 * Ends a call whose signal aborts: the later pages of `@azure/arm-compute` are fetched without the caller's signal,
 * so it is put on the pipeline instead of into the options of the call.
 */
export function abortPolicy(signal: AbortSignal): AdditionalPolicy {
  return {
    position: "perCall",
    policy: {
      name: "abortPolicy",
      sendRequest(request, next) {
        request.abortSignal = signal;
        return next(request);
      },
    },
  };
}

/** Bounds every attempt as a whole; the packages' `timeout` stops watching once the head of the answer is there. */
export function attemptTimeoutPolicy(timeoutMs: number, signal?: AbortSignal): AdditionalPolicy {
  return {
    position: "perRetry",
    policy: {
      name: "attemptTimeoutPolicy",
      sendRequest(request, next) {
        const timeout = AbortSignal.timeout(timeoutMs);
        request.abortSignal = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
        return next(request);
      },
    },
  };
}

/**
 * Throws instead of waiting when Azure asks for a wait longer than `longestWaitMs`: the packages obey `Retry-After`
 * without an upper bound.
 */
export function longWaitPolicy(operation: string, longestWaitMs: number): AdditionalPolicy {
  return {
    position: "perRetry",
    policy: {
      name: "longWaitPolicy",
      async sendRequest(request, next) {
        const response = await next(request);
        if (response.status !== 429 && response.status !== 503) return response;
        const waitMs = retryAfterMs(response.headers);
        if (waitMs === undefined || waitMs <= longestWaitMs) return response;
        const nativeCode = codeOfBody(response.bodyAsText);
        throw answerError(
          { status: response.status, nativeCode, headers: response.headers },
          operation,
        );
      },
    },
  };
}
