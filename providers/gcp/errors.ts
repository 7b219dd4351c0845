import { ProviderError, type ProviderErrorCode } from "../errors.ts";
import { type GoogleFailure, readFailure } from "./failure.ts";

/** Reasons that Google gives with a 403 (and some with 401, 429), and what they mean to us. */
const codeOfReason: Record<string, ProviderErrorCode> = {
  rateLimitExceeded: "THROTTLED",
  userRateLimitExceeded: "THROTTLED",
  quotaExceeded: "THROTTLED",
  dailyLimitExceeded: "THROTTLED",
  concurrentLimitExceeded: "THROTTLED",
  RATE_LIMIT_EXCEEDED: "THROTTLED",
  RESOURCE_EXHAUSTED: "THROTTLED",
  SERVICE_DISABLED: "SERVICE_DISABLED",
  accessNotConfigured: "SERVICE_DISABLED",
  BILLING_DISABLED: "ACCOUNT_UNUSABLE",
  billingNotEnabled: "ACCOUNT_UNUSABLE",
  UREQ_PROJECT_BILLING_NOT_FOUND: "ACCOUNT_UNUSABLE",
  CONSUMER_SUSPENDED: "ACCOUNT_UNUSABLE",
  CONSUMER_INVALID: "ACCOUNT_UNUSABLE",
  accountDisabled: "ACCOUNT_UNUSABLE",
};

/** The OAuth errors that are a mistake of ours; all others speak of the key. */
const tokenRequestMistakes = new Set([
  "invalid_request",
  "invalid_scope",
  "unsupported_grant_type",
]);

const sentences: Record<ProviderErrorCode, string> = {
  CREDENTIAL_REJECTED: "Google rejects the service-account key",
  PERMISSION_DENIED: "The service account lacks the permission for",
  SERVICE_DISABLED: "The project has not enabled the API of",
  ACCOUNT_UNUSABLE: "The project is suspended or has no billing, as found by",
  THROTTLED: "Google throttles",
  PROVIDER_UNAVAILABLE: "Google did not answer properly to",
  CLOCK_SKEWED: "Google finds the time of our token request wrong: check this machine's clock",
  CREDENTIAL_INCOMPLETE: "The service-account key is incomplete",
  NOT_FOUND: "Google does not know what was asked for by",
  INVALID_REQUEST: "Google does not accept our request",
};

const sentencesWithoutOperation = new Set<ProviderErrorCode>([
  "CREDENTIAL_REJECTED",
  "CLOCK_SKEWED",
  "CREDENTIAL_INCOMPLETE",
]);

/**
 * Classifies what a Google library threw. The result keeps the reason but neither Google's text (ids, addresses) nor
 * the library's error, which holds the request with its token; an error without an HTTP answer or a system code is
 * no trouble with Google but a defect, so that one is kept as the cause.
 */
export function translateGoogleError(error: unknown, operation: string): ProviderError {
  if (error instanceof ProviderError) return error;
  const failure = readFailure(error);
  const code = classify(failure, error);
  const isDefect = code === "INVALID_REQUEST" && failure.status === null;
  return googleError(code, operation, {
    nativeCode: nativeCodeOf(failure),
    ...(failure.retryAfterMs === null ? {} : { retryAfterMs: failure.retryAfterMs }),
    ...(isDefect ? { cause: error } : {}),
  });
}

/** Makes an error with our own sentence for the code. */
export function googleError(
  code: ProviderErrorCode,
  operation: string,
  facts: { nativeCode?: string | null; retryAfterMs?: number; cause?: unknown } = {},
): ProviderError {
  const sentence = sentences[code];
  const message = sentencesWithoutOperation.has(code) ? sentence : `${sentence} ${operation}`;
  return new ProviderError(code, message, {
    provider: "gcp",
    operation,
    ...facts,
    nativeCode: facts.nativeCode ?? null,
  });
}

function classify(failure: GoogleFailure, error: unknown): ProviderErrorCode {
  if (failure.status === null) return withoutAnswer(failure, error);
  if (failure.status >= 500 || failure.status === 408) return "PROVIDER_UNAVAILABLE";
  if (failure.status === 429) return "THROTTLED";
  if (failure.isTokenRefusal) return tokenRefusal(failure);
  if (failure.status === 401) return "CREDENTIAL_REJECTED";
  if (failure.status === 403) return refusal(failure);
  if (failure.status === 404) return "NOT_FOUND";
  return "INVALID_REQUEST";
}

/** What the libraries say of a good status without a token or a body, as of a proxy's sign-in page. */
const emptyAnswer = /could not refresh access token|received null response/i;

/** No status: the connection broke, our time limit ended it, or a proxy answered in Google's place. */
function withoutAnswer(failure: GoogleFailure, error: unknown): ProviderErrorCode {
  const isCutShort = /aborted|timeout|socket hang up|premature close/i.test(failure.text);
  if (emptyAnswer.test(failure.text)) return "PROVIDER_UNAVAILABLE";
  const isNetwork = failure.systemCode !== null && !failure.systemCode.startsWith("ERR_");
  if (isCutShort || isNetwork || error instanceof SyntaxError) return "PROVIDER_UNAVAILABLE";
  return "INVALID_REQUEST";
}

/** Google words a skewed clock as "Check your iat and exp values in the JWT claim" under `invalid_grant`. */
function tokenRefusal(failure: GoogleFailure): ProviderErrorCode {
  if (/\b(iat|exp)\b/.test(failure.text)) return "CLOCK_SKEWED";
  if (failure.reasons.some((reason) => tokenRequestMistakes.has(reason))) return "INVALID_REQUEST";
  return "CREDENTIAL_REJECTED";
}

/** Google uses 403 for rights, quotas, disabled APIs and billing alike; some quota answers say so only in their text. */
function refusal(failure: GoogleFailure): ProviderErrorCode {
  for (const reason of failure.reasons) {
    const code = codeOfReason[reason];
    if (code !== undefined) return code;
  }
  const isQuota = /rate limit exceeded|quota exceeded/i.test(failure.text);
  return isQuota ? "THROTTLED" : "PERMISSION_DENIED";
}

function nativeCodeOf(failure: GoogleFailure): string | null {
  const status = failure.status === null ? null : String(failure.status);
  return failure.reasons[0] ?? status ?? failure.systemCode;
}
