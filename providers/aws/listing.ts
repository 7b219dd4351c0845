import type { ListOptions, Page } from "../provider.ts";
import type { Clients } from "./clients.ts";
import { brokenAnswer } from "./errors.ts";
import type { AwsKind, Place } from "./kind.ts";

/**
 * Streams the pages of one kind in one place. An empty page that carries a token is normal. A token that comes back
 * a second time would make the listing run in circles: `PROVIDER_UNAVAILABLE`, the scope was not read completely.
 */
export async function* listPages(
  clients: Clients,
  kind: AwsKind,
  place: Place,
  { signal, cursor }: ListOptions,
): AsyncGenerator<Page> {
  const seen = new Set<string>();
  let token = cursor;
  for (;;) {
    if (token !== undefined) seen.add(token);
    const page = await kind.page(clients, place, token, signal);
    if (!page.token) {
      yield { resources: page.resources, cursor: null };
      return;
    }
    if (seen.has(page.token)) {
      throw brokenAnswer(kind.operation, "AWS repeated a page token");
    }
    yield { resources: page.resources, cursor: page.token };
    token = page.token;
  }
}
