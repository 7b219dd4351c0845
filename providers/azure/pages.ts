import { ProviderError } from "../errors.ts";
import { callAzure } from "./errors.ts";

/** One page of an Azure package, with the link to the next one; null on the last page. */
export interface NativePage<Item> {
  items: Item[];
  cursor: string | null;
}

/** What the pages belong to. `cursor` is the link that the first of them was read from. */
export interface PagingContext {
  operation: string;
  signal: AbortSignal;
  cursor?: string | undefined;
}

/**
 * Reads the pages of a package's `byPage()` one after the other. Throws `PROVIDER_UNAVAILABLE` when a link to the
 * next page was already followed: the listing would never end, and cutting it short would look complete.
 */
export async function* pagesOf<Item>(
  pages: AsyncIterableIterator<Item[]>,
  cursorOf: (page: Item[]) => string | undefined,
  { operation, signal, cursor }: PagingContext,
): AsyncGenerator<NativePage<Item>> {
  const followed = new Set(cursor === undefined ? [] : [cursor]);
  while (true) {
    const { value: items, done } = await callAzure(operation, signal, () => pages.next());
    if (done) return;
    const next = cursorOf(items) || null;
    if (next !== null && followed.has(next)) throw repeatedLink(operation);
    if (next !== null) followed.add(next);
    yield { items, cursor: next };
  }
}

function repeatedLink(operation: string): ProviderError {
  return new ProviderError(
    "PROVIDER_UNAVAILABLE",
    `Azure ${operation}: it repeated a link to the next page`,
    { provider: "azure", nativeCode: "REPEATED_NEXT_LINK", operation },
  );
}
