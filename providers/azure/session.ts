import type { ResourceManagementClientOptionalParams } from "@azure/arm-resources";
import type { TokenCredential } from "@azure/identity";
import type { AzureCredential } from "../credential.ts";
import type { Endpoints } from "../endpoints.ts";
import { ProviderError } from "../errors.ts";
import { type Authority, openTokenSource } from "./access-token.ts";
import {
  abortPolicy,
  attemptTimeoutPolicy,
  listingPatience,
  longWaitPolicy,
  type Patience,
} from "./call-policies.ts";

const publicResourceManager = "https://management.azure.com";

/** What every call to Azure needs to know. Opening it does no network call and loads no package. */
export interface AzureSession {
  readonly credential: AzureCredential;
  /** Origin of Azure Resource Manager, without a slash at the end. */
  readonly endpoint: string;
  /** What tokens are asked for; it follows the endpoint, as sovereign clouds require. */
  readonly tokenScope: string;
  readonly authority: Authority;
  /** Tokens for calls under this signal, from the one source that all listings share. */
  tokens(signal: AbortSignal): Promise<TokenCredential>;
}

/** Throws ProviderError: `CREDENTIAL_INCOMPLETE` naming the field, `INVALID_REQUEST` for an endpoint without TLS. */
export function openSession(credential: AzureCredential, endpoints: Endpoints): AzureSession {
  requireFields(credential);
  const { resourceManager, authorityHost, certificateAuthority } = endpoints.azure ?? {};
  const endpoint = secureOrigin("AZURE_RESOURCE_MANAGER_ENDPOINT", resourceManager);
  const authority: Authority = {
    host: secureOrigin("AZURE_AUTHORITY_HOST", authorityHost),
    // The packages keep one pool of sockets per object of TLS options, so all clients share this one.
    tlsOptions: certificateAuthority === undefined ? {} : { ca: certificateAuthority },
  };
  let source: Promise<TokenCredential> | undefined;
  return {
    credential,
    endpoint: endpoint ?? publicResourceManager,
    tokenScope: `${endpoint ?? publicResourceManager}/.default`,
    authority,
    async tokens(signal) {
      source ??= openTokenSource(credential, authority, listingPatience);
      const shared = await source;
      // Not every package hands the signal of a call on to its token source.
      return {
        getToken: (scopes, options) => shared.getToken(scopes, { ...options, abortSignal: signal }),
      };
    },
  };
}

type ClientOptions = Required<
  Pick<
    ResourceManagementClientOptionalParams,
    "endpoint" | "credentialScopes" | "retryOptions" | "additionalPolicies" | "tlsOptions"
  >
>;

/** Options of an ARM client that serves one operation under one signal. Clients are cheap: sockets are shared. */
export function clientOptions(
  session: AzureSession,
  operation: string,
  signal: AbortSignal,
  patience: Patience = listingPatience,
): ClientOptions {
  return {
    endpoint: session.endpoint,
    credentialScopes: session.tokenScope,
    tlsOptions: session.authority.tlsOptions,
    retryOptions: {
      maxRetries: patience.maxRetries,
      retryDelayInMs: patience.retryDelayMs,
      maxRetryDelayInMs: patience.maxRetryDelayMs,
    },
    additionalPolicies: [
      abortPolicy(signal),
      longWaitPolicy(operation, patience.longestWaitMs),
      attemptTimeoutPolicy(patience.attemptTimeoutMs, signal),
    ],
  };
}

function requireFields(credential: AzureCredential): void {
  const fields = {
    tenant_id: credential.tenantId,
    client_id: credential.clientId,
    client_secret: credential.clientSecret,
    subscription_id: credential.subscriptionId,
  };
  for (const [field, value] of Object.entries(fields)) {
    if (value.trim() === "") throw incomplete(`${field} is empty`);
  }
  // A tenant is a GUID or a domain name; the authority's URL is built with it.
  if (!/^[\w.-]+$/.test(credential.tenantId)) throw incomplete("tenant_id is malformed");
  if (!/^[\w-]+$/.test(credential.subscriptionId)) throw incomplete("subscription_id is malformed");
}

function incomplete(message: string): ProviderError {
  return new ProviderError("CREDENTIAL_INCOMPLETE", `Azure credential: ${message}`, {
    provider: "azure",
    nativeCode: null,
    operation: "open",
  });
}

function secureOrigin(setting: string, url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  if (URL.canParse(url) && new URL(url).protocol === "https:") return url.replace(/\/+$/, "");
  throw new ProviderError(
    "INVALID_REQUEST",
    `${setting} must be an https URL: Azure's packages send tokens over TLS only`,
    { provider: "azure", nativeCode: null, operation: "open" },
  );
}
