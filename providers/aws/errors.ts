import { ProviderError, type ProviderErrorCode, providerErrorCodes } from "../errors.ts";

/** What the SDKs put on their errors, as far as we read it; all of it may be missing. */
interface SdkError {
  name?: string;
  message?: string;
  /** System errors: `ECONNRESET` and the like. */
  code?: unknown;
  $metadata?: { httpStatusCode?: number };
  $response?: { headers?: Record<string, string | undefined> };
}

/** Error codes of the services we call, from the API references of EC2, S3, STS and Cost Explorer. */
const nativeCodes: Record<ProviderErrorCode, readonly string[]> = {
  CREDENTIAL_REJECTED: [
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSecurity",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
  ],
  PERMISSION_DENIED: [
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedAccess",
    "UnauthorizedOperation",
  ],
  SERVICE_DISABLED: ["NotSignedUp", "OptInRequired", "SubscriptionRequiredException"],
  ACCOUNT_UNUSABLE: ["AccountProblem", "AllAccessDisabled", "Blocked", "PendingVerification"],
  THROTTLED: [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
  ],
  PROVIDER_UNAVAILABLE: [
    "BillingViewHealthStatusException",
    "DataUnavailableException",
    "InternalError",
    "InternalFailure",
    "RequestChangedException",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "Unavailable",
  ],
  CLOCK_SKEWED: ["RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"],
  CREDENTIAL_INCOMPLETE: ["CredentialsProviderError"],
  NOT_FOUND: ["ResourceNotFoundException"],
  INVALID_REQUEST: ["BillExpirationException", "ValidationError", "ValidationException"],
};

const byNativeCode = new Map(
  providerErrorCodes.flatMap((code) => nativeCodes[code].map((name) => [name, code] as const)),
);

const sentences: Record<ProviderErrorCode, string> = {
  CREDENTIAL_REJECTED: "AWS rejected the access key",
  PERMISSION_DENIED: "AWS denied the call",
  SERVICE_DISABLED: "The AWS account has not enabled this service",
  ACCOUNT_UNUSABLE: "The AWS account is suspended or not yet verified",
  THROTTLED: "AWS throttled the call",
  PROVIDER_UNAVAILABLE: "AWS did not answer properly",
  CLOCK_SKEWED: "AWS refused the time of the request; the clock of this machine is wrong",
  CREDENTIAL_INCOMPLETE: "The access key is incomplete",
  NOT_FOUND: "AWS does not know what was asked for",
  INVALID_REQUEST: "AWS refused the request as invalid",
};

/**
 * Classifies what an SDK call threw. The native message is dropped, and with it the original error as a cause:
 * both carry ARNs, account ids and, for signature errors, the signed request. Only socket errors are kept as cause.
 */
export function toProviderError(thrown: unknown, operation: string): ProviderError {
  const error: SdkError = typeof thrown === "object" && thrown !== null ? thrown : {};
  const code = classify(error);
  const nativeCode = nativeCodeOf(error);
  const retryAfterMs = retryAfterOf(error);
  const reason = deniedByOrganisation(error, code) ? " by a service control policy" : "";
  const status = error.$metadata?.httpStatusCode;
  const named = nativeCode ?? (status === undefined ? null : `HTTP ${status}`);
  const detail = named === null ? operation : `${operation}: ${named}`;
  return new ProviderError(code, `${sentences[code]}${reason} (${detail})`, {
    provider: "aws",
    nativeCode,
    operation,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(isSocketError(error) ? { cause: thrown } : {}),
  });
}

/** A failure that we notice ourselves, such as a listing that runs in circles. */
export function brokenAnswer(operation: string, message: string): ProviderError {
  return new ProviderError("PROVIDER_UNAVAILABLE", `${message} (${operation})`, {
    provider: "aws",
    nativeCode: null,
    operation,
  });
}

function classify(error: SdkError): ProviderErrorCode {
  if (saysSignatureTime(error)) return "CLOCK_SKEWED";
  const known = byNativeCode.get(error.name ?? "");
  if (known !== undefined) return known;
  const status = error.$metadata?.httpStatusCode;
  if (status === 429) return "THROTTLED";
  if (status === 401) return "CREDENTIAL_REJECTED";
  if (status === 403) return "PERMISSION_DENIED";
  if (status === 404) return "NOT_FOUND";
  if (status !== undefined && status >= 400 && status < 500) return "INVALID_REQUEST";
  return "PROVIDER_UNAVAILABLE";
}

/** A signature is also called wrong when only its time is; the user's key must not be blamed for our clock. */
function saysSignatureTime(error: SdkError): boolean {
  return /signature (expired|not yet current)/i.test(error.message ?? "");
}

function deniedByOrganisation(error: SdkError, code: ProviderErrorCode): boolean {
  return code === "PERMISSION_DENIED" && /service control policy/i.test(error.message ?? "");
}

/** Only short plain words: a broken answer may put anything into the place of a code. */
function nativeCodeOf(error: SdkError): string | null {
  const native = isSocketError(error) ? String(error.code) : error.name;
  if (native === undefined || sdkPlaceholders.has(native)) return null;
  return /^[A-Za-z][\w.]{1,60}$/.test(native) ? native : null;
}

/** What the SDK calls an error when the answer had no code. */
const sdkPlaceholders = new Set(["Error", "Unknown", "UnknownError"]);

/** `ECONNRESET` and the like, and OpenSSL's `DEPTH_ZERO_SELF_SIGNED_CERT`; AWS writes its own codes in CamelCase. */
function isSocketError(error: SdkError): boolean {
  return typeof error.code === "string" && /^[A-Z][A-Z_]+$/.test(error.code);
}

/** `Retry-After` in either of its forms: seconds or a date. */
function retryAfterOf(error: SdkError): number | undefined {
  const header = error.$response?.headers?.["retry-after"];
  if (header === undefined) return undefined;
  const seconds = Number(header);
  const milliseconds = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1_000;
  return Number.isFinite(milliseconds) ? Math.max(0, Math.round(milliseconds)) : undefined;
}
