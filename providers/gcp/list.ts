import type { Page, Scope } from "../provider.ts";
import type { GcpConnection } from "./connection.ts";
import { googleError } from "./errors.ts";
import type { KindPage } from "./kinds/kind.ts";
import { gcpKinds } from "./kinds.ts";

/**
 * Streams a scope page by page. A scope of one region reads the listing of all regions, since Google offers no other,
 * and keeps that region's part.
 * Throws ProviderError `PROVIDER_UNAVAILABLE` when Google gives out a page token twice, `INVALID_REQUEST` for a kind
 * that we do not know.
 */
export async function* listScope(
  connection: GcpConnection,
  scope: Scope,
  { signal, cursor: start = null }: { signal: AbortSignal; cursor?: string | null },
): AsyncGenerator<Page> {
  const kind = gcpKinds.find((candidate) => candidate.name === scope.kind);
  if (kind === undefined) throw googleError("INVALID_REQUEST", scope.kind);
  const seen = new Set<string>();
  let cursor = start;
  do {
    if (cursor !== null) seen.add(cursor);
    const page = await kind.read(connection, { projectId: scope.accountId, cursor, signal });
    if (page.next !== null && seen.has(page.next)) {
      throw googleError("PROVIDER_UNAVAILABLE", kind.operation, {
        nativeCode: "repeated page token",
      });
    }
    yield narrow(page, scope.region);
    cursor = page.next;
  } while (cursor !== null);
}

function narrow({ resources, next, unread }: KindPage, region: string): Page {
  const isWanted = (at: { region: string | null }): boolean =>
    region === "global" || at.region === region;
  const kept = unread.filter(isWanted);
  return {
    resources: resources.filter(isWanted),
    cursor: next,
    ...(kept.length === 0 ? {} : { unread: kept }),
  };
}
