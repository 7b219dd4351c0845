import { ProviderError } from "../errors.ts";
import type { ListOptions, Page, Scope } from "../provider.ts";
import { pagesOf } from "./pages.ts";
import { readPowerStates } from "./power-states.ts";
import { toDiscoveredResource } from "./resource.ts";
import { type AzureSession, clientOptions } from "./session.ts";

const operation = "arm:ListResources";

/**
 * Lists the resources of the subscription, or of the scope's region. Power states are read first, so that no VM is
 * reported before its state is known; where they may not be read, VMs come as `unknown` and every page says so.
 */
export async function* listResources(
  session: AzureSession,
  scope: Scope,
  { signal, cursor }: ListOptions,
): AsyncGenerator<Page> {
  requireOwnOrigin(session, cursor);
  const { states, denied } = await readPowerStates(session, signal);
  const unread = denied === null ? undefined : [{ region: scope.region, ...denied }];
  const { getContinuationToken } = await import("@azure/arm-resources");
  const pages = (await openListing(session, scope, signal)).byPage(
    cursor === undefined ? {} : { continuationToken: cursor },
  );
  const context = { operation, signal, cursor };
  for await (const page of pagesOf(pages, getContinuationToken, context)) {
    const resources = page.items
      .map((item) => toDiscoveredResource(item, states))
      .filter((resource) => resource !== null);
    yield { resources, cursor: page.cursor, ...(unread !== undefined && { unread }) };
  }
}

async function openListing(session: AzureSession, scope: Scope, signal: AbortSignal) {
  const { ResourceManagementClient } = await import("@azure/arm-resources");
  const client = new ResourceManagementClient(
    await session.tokens(signal),
    session.credential.subscriptionId,
    clientOptions(session, operation, signal),
  );
  return client.resources.list({
    expand: "provisioningState",
    ...(scope.region !== "global" && { filter: `location eq '${quoted(scope.region)}'` }),
  });
}

/** A cursor is a URL to which our token is sent, and it comes from storage that others can write. */
function requireOwnOrigin({ endpoint }: AzureSession, cursor: string | undefined): void {
  if (cursor === undefined) return;
  if (URL.canParse(cursor) && new URL(cursor).origin === new URL(endpoint).origin) return;
  throw new ProviderError("INVALID_REQUEST", "The cursor does not belong to this Azure endpoint", {
    provider: "azure",
    nativeCode: null,
    operation,
  });
}

function quoted(text: string): string {
  return text.replaceAll("'", "''");
}
