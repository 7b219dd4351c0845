import type { ProviderErrorCode } from "../errors.ts";

/** What one of Azure's own codes means for us, in words that are safe to store. */
export interface CodeMeaning {
  code: ProviderErrorCode;
  text: string;
}

/**
 * Codes of the authority (Microsoft Entra ID) and of Azure Resource Manager whose meaning the HTTP status alone does
 * not tell. Sources: the AADSTS error reference and "Common deployment errors" in Microsoft's documentation.
 */
export const codeMeanings: Readonly<Record<string, CodeMeaning>> = {
  AADSTS7000215: { code: "CREDENTIAL_REJECTED", text: "the client secret is wrong" },
  AADSTS7000222: { code: "CREDENTIAL_REJECTED", text: "the client secret has expired" },
  AADSTS7000112: { code: "CREDENTIAL_REJECTED", text: "the application is disabled" },
  AADSTS700016: { code: "CREDENTIAL_REJECTED", text: "the tenant has no such application" },
  AADSTS90002: { code: "CREDENTIAL_REJECTED", text: "there is no such tenant" },
  AADSTS900023: { code: "CREDENTIAL_REJECTED", text: "the tenant id is malformed" },
  AADSTS53003: { code: "CREDENTIAL_REJECTED", text: "a conditional access policy blocks sign-in" },
  AADSTS700024: { code: "CLOCK_SKEWED", text: "our clock differs from the authority's" },
  AADSTS500133: { code: "CLOCK_SKEWED", text: "our clock differs from the authority's" },
  AADSTS90006: { code: "PROVIDER_UNAVAILABLE", text: "the authority is busy" },
  AADSTS90012: { code: "PROVIDER_UNAVAILABLE", text: "the authority timed out" },
  AADSTS90024: { code: "PROVIDER_UNAVAILABLE", text: "the authority is busy" },
  AADSTS90033: { code: "PROVIDER_UNAVAILABLE", text: "the authority is busy" },
  AADSTS90055: { code: "THROTTLED", text: "the authority limits our requests" },
  AADSTS50196: { code: "THROTTLED", text: "the authority limits our requests" },
  // We mint every token ourselves and renew it early, so one that is expired on arrival was judged by a slow clock.
  ExpiredAuthenticationToken: { code: "CLOCK_SKEWED", text: "our clock is behind Azure's" },
  InvalidAuthenticationTokenTenant: {
    code: "CREDENTIAL_REJECTED",
    text: "the subscription belongs to another tenant",
  },
  AuthorizationFailed: { code: "PERMISSION_DENIED", text: "a role assignment is missing" },
  LinkedAuthorizationFailed: { code: "PERMISSION_DENIED", text: "a role assignment is missing" },
  SubscriptionNotFound: { code: "NOT_FOUND", text: "there is no such subscription" },
  DisabledSubscription: { code: "ACCOUNT_UNUSABLE", text: "the subscription is disabled" },
  SubscriptionDisabled: { code: "ACCOUNT_UNUSABLE", text: "the subscription is disabled" },
  ReadOnlyDisabledSubscription: {
    code: "ACCOUNT_UNUSABLE",
    text: "the subscription is disabled and read-only",
  },
  MissingSubscriptionRegistration: {
    code: "SERVICE_DISABLED",
    text: "the resource provider is not registered",
  },
  SubscriptionNotRegistered: {
    code: "SERVICE_DISABLED",
    text: "the resource provider is not registered",
  },
  NoRegisteredProviderFound: {
    code: "SERVICE_DISABLED",
    text: "the resource provider is not registered",
  },
};

/** The meaning of an HTTP status of the authority or of Resource Manager, for codes that we do not know. */
export function meaningOfStatus(status: number): CodeMeaning {
  if (status === 401)
    return { code: "CREDENTIAL_REJECTED", text: "the credential is not accepted" };
  if (status === 403) return { code: "PERMISSION_DENIED", text: "access is denied" };
  if (status === 404) return { code: "NOT_FOUND", text: "there is no such thing" };
  if (status === 429) return { code: "THROTTLED", text: "too many requests" };
  if (status === 408 || status >= 500)
    return { code: "PROVIDER_UNAVAILABLE", text: `it answered ${status}` };
  return { code: "INVALID_REQUEST", text: `it refused the request with ${status}` };
}
