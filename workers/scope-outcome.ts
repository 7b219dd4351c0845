import type { ScopeOutcome } from "../entities/sync-scope.ts";
import { ProviderError, type ProviderErrorCode } from "../providers/errors.ts";
import type { UnreadRegion } from "../providers/provider.ts";
import { redactText } from "../runtime/redact.ts";

/** What a scope's outcome and error columns say. */
export interface ScopeVerdict {
  outcome: ScopeOutcome;
  code: string;
  message: string;
}

const outcomes: Partial<Record<ProviderErrorCode, ScopeOutcome>> = {
  PERMISSION_DENIED: "denied",
  SERVICE_DISABLED: "denied",
  ACCOUNT_UNUSABLE: "denied",
  CREDENTIAL_REJECTED: "denied",
  CREDENTIAL_INCOMPLETE: "denied",
  THROTTLED: "throttled",
};

/** Codes that concern the credential as a whole: no other scope can fare better. */
const credentialCodes = new Set<ProviderErrorCode>([
  "CREDENTIAL_REJECTED",
  "CREDENTIAL_INCOMPLETE",
]);

/** Whether a sync has to stop because its credential is of no use any more. */
export function endsSync(reason: unknown): boolean {
  return reason instanceof ProviderError && credentialCodes.has(reason.code);
}

/** The outcome of a listing that ended early, by an error of the provider or because the sync was stopped. */
export function describeFailure(reason: unknown, wasStopped: boolean): ScopeVerdict {
  const message = redactText(reason instanceof Error ? reason.message : String(reason));
  if (reason instanceof ProviderError) {
    const outcome = wasStopped ? "partial" : (outcomes[reason.code] ?? "partial");
    return { outcome, code: reason.code, message };
  }
  const code: unknown = reason instanceof Error ? Reflect.get(reason, "code") : undefined;
  return { outcome: "partial", code: typeof code === "string" ? code : "STOPPED", message };
}

/** The outcome of a listing that left regions out; undefined if it left out none. */
export function describeUnread(unread: UnreadRegion[]): ScopeVerdict | undefined {
  const [first] = unread;
  if (!first) return undefined;
  const regions = [...new Set(unread.map(({ region }) => region))].join(", ");
  const message = redactText(`not read: ${regions}: ${first.message}`);
  return { outcome: "partial", code: `REGION_${first.reason.toUpperCase()}`, message };
}

/** A loss up to so many resources, or up to this part of the scope, is nothing unusual. */
const usualLoss = { resources: 20, part: 0.3 };

/** Whether a complete listing lacks so many of a scope's resources that it needs a second look. */
export function isHeld(lost: number, before: number): boolean {
  return lost > Math.max(usualLoss.resources, usualLoss.part * before);
}
