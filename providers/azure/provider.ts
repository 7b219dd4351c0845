import type { AzureCredential } from "../credential.ts";
import type { Endpoints } from "../endpoints.ts";
import { ProviderError } from "../errors.ts";
import type { Discovery, ListOptions, Page, Provider, Scope } from "../provider.ts";
import type { CredentialSettings } from "../settings.ts";
import { observeHealth } from "./health.ts";
import { azureKinds } from "./kinds.ts";
import { toRegion } from "./resource.ts";
import { type AzureSession, openSession } from "./session.ts";
import { readSubscription } from "./subscription.ts";

/**
 * Opens one Azure subscription. No call is made and no package of Azure's is loaded before the first method runs.
 * Throws ProviderError: `CREDENTIAL_INCOMPLETE` when a field is missing, `INVALID_REQUEST` when an endpoint is not
 * https.
 */
export function openAzure(credential: AzureCredential, endpoints: Endpoints): Provider {
  const session = openSession(credential, endpoints);
  return {
    name: "azure",
    discover: (signal) => discover(session, signal),
    list: (scope, options) => list(session, scope, options),
    checkHealth: (signal) => observeHealth(session, signal),
    // Sockets live in pools that Azure's packages share between clients; idle ones keep no process alive.
    close() {},
  };
}

async function discover(session: AzureSession, signal: AbortSignal): Promise<Discovery> {
  const { identity } = await readSubscription(session, await session.tokens(signal), signal);
  const scopes = scopeRegions(session.credential.settings).flatMap((region) =>
    azureKinds.map(({ kind }) => ({ accountId: identity.accountId, region, kind })),
  );
  return { identity, scopes, assumed: false };
}

/** One listing answers for all regions, unless the user wants only some of them. */
function scopeRegions({ regions = [] }: CredentialSettings): string[] {
  return regions.length === 0 ? ["global"] : [...new Set(regions.map(toRegion))];
}

function list(session: AzureSession, scope: Scope, options: ListOptions): AsyncIterable<Page> {
  const found = azureKinds.find(({ kind }) => kind === scope.kind);
  if (found !== undefined) return found.list(session, scope, options);
  throw new ProviderError("INVALID_REQUEST", `Azure has no kind of listing named ${scope.kind}`, {
    provider: "azure",
    nativeCode: null,
    operation: scope.kind,
  });
}
