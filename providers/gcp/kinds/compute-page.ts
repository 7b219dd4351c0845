import type { UnreadRegion } from "../../provider.ts";
import { googleError } from "../errors.ts";
import { isRecord, textOf } from "../json.ts";
import { regionOfLocation } from "./paths.ts";

interface Warning {
  code?: string | null;
}

/** What an aggregated list says of one zone, one region or `global`: items under the collection's name, a warning. */
interface ScopedList<Item> {
  [collection: string]: Item[] | Warning | null | undefined;
}

/** An answer of Compute to `aggregatedList` (items by scope) or `list` (plain items). */
export interface RawComputePage<Item> {
  items?: Record<string, ScopedList<Item>> | Item[] | null;
  nextPageToken?: string | null;
  unreachables?: string[] | null;
  warning?: Warning | null;
}

export interface ComputePage<Item> {
  items: Item[];
  next: string | null;
  unread: UnreadRegion[];
}

/**
 * Takes a page apart. A scope with any warning but NO_RESULTS_ON_PAGE counts as not read, whatever items it holds.
 * Throws ProviderError when the answer says that something is missing without saying where: going on would let
 * resources be taken for gone.
 */
export function readComputePage<Item>(
  page: RawComputePage<Item>,
  collection: string,
  operation: string,
): ComputePage<Item> {
  const unread = (page.unreachables ?? []).map((location) => unreadRegion(location, "UNREACHABLE"));
  const items: Item[] = [];
  for (const [location, list] of Object.entries(scopedLists(page.items, collection))) {
    const found = list[collection];
    if (Array.isArray(found)) items.push(...found);
    const code = missing(list["warning"]);
    if (code !== null) unread.push(unreadRegion(location, code));
  }
  const code = missing(page.warning);
  if (code !== null && unread.length === 0) {
    throw googleError("PROVIDER_UNAVAILABLE", operation, { nativeCode: code });
  }
  return { items, next: page.nextPageToken || null, unread: onePerRegion(unread) };
}

function scopedLists<Item>(
  items: RawComputePage<Item>["items"],
  collection: string,
): Record<string, ScopedList<Item>> {
  if (Array.isArray(items)) return { global: { [collection]: items } };
  return items ?? {};
}

/** The code of a warning that says that something was left out; null if there is none. */
function missing(warning: unknown): string | null {
  if (!isRecord(warning)) return null;
  const code = textOf(warning["code"]) ?? "UNKNOWN_WARNING";
  return code === "NO_RESULTS_ON_PAGE" ? null : code;
}

function unreadRegion(location: string, code: string): UnreadRegion {
  return {
    region: regionOfLocation(location),
    reason: /QUOTA|RATE/.test(code) ? "throttled" : "unreachable",
    message: `Google did not read all of it: ${code}`,
  };
}

function onePerRegion(unread: UnreadRegion[]): UnreadRegion[] {
  return [...new Map(unread.map((entry) => [entry.region, entry])).values()];
}
