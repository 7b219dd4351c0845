import type { ProviderName } from "./provider.ts";

/** Stable codes of what went wrong at a provider. They reach the ledger, metrics and users. */
export const providerErrorCodes = [
  "CREDENTIAL_REJECTED",
  "PERMISSION_DENIED",
  "SERVICE_DISABLED",
  "ACCOUNT_UNUSABLE",
  "THROTTLED",
  "PROVIDER_UNAVAILABLE",
  "CLOCK_SKEWED",
  "CREDENTIAL_INCOMPLETE",
  "NOT_FOUND",
  "INVALID_REQUEST",
] as const;
export type ProviderErrorCode = (typeof providerErrorCodes)[number];

export interface ProviderErrorFacts {
  provider: ProviderName;
  /** The provider's own code, such as `UnauthorizedOperation` or `AADSTS7000215`; null when it gave none. */
  nativeCode: string | null;
  /** The call that failed, such as `ec2:DescribeVolumes`. */
  operation: string;
  /** How long the provider asked us to wait. */
  retryAfterMs?: number;
  cause?: unknown;
}

/**
 * Trouble with a cloud, classified. The message is short and safe to store: no ids, ARNs, tokens or secrets.
 * `fault` says who can mend it: the tenant (credential, rights), the provider (outage, throttle) or us.
 */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
  readonly code: ProviderErrorCode;
  readonly provider: ProviderName;
  readonly nativeCode: string | null;
  readonly operation: string;
  readonly retryAfterMs: number | undefined;
  /** Milliseconds that the failed call took, where it was timed (timed.ts). */
  answerMs: number | undefined;

  constructor(code: ProviderErrorCode, message: string, facts: ProviderErrorFacts) {
    super(message, { cause: facts.cause });
    this.code = code;
    this.provider = facts.provider;
    this.nativeCode = facts.nativeCode;
    this.operation = facts.operation;
    this.retryAfterMs = facts.retryAfterMs;
  }

  get fault(): "tenant" | "provider" | "operator" {
    if (this.code === "THROTTLED" || this.code === "PROVIDER_UNAVAILABLE") return "provider";
    if (this.code === "CLOCK_SKEWED" || this.code === "INVALID_REQUEST") return "operator";
    return "tenant";
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  get isTransient(): boolean {
    return this.fault === "provider" || this.code === "CLOCK_SKEWED";
  }
}
