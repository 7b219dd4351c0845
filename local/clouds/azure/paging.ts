import type { Effect } from "../faults.ts";

/** Where a page begins, as it travels in `$skiptoken`. */
export interface PageStart {
  offset: number;
  /** Number of the page, from 1. */
  page: number;
}

/** Reads `$skiptoken`; the first page without one, and for a text that is none of ours. */
export function pageStart(skipToken: unknown): PageStart {
  const parts = /^(\d+)-(\d+)$/.exec(
    typeof skipToken === "string" ? Buffer.from(skipToken, "base64url").toString() : "",
  );
  if (parts === null) return { offset: 0, page: 1 };
  return { offset: Number(parts[1]), page: Number(parts[2]) };
}

/** A page of Azure is as long as it pleases: shares of the page size, one after the other. */
const pageShares = [1, 0.4, 0.75];

/** One page of items and where the next one begins; null after the last. */
export interface CutPage<Item> {
  items: Item[];
  next: PageStart | null;
}

/**
 * Cuts a page of uneven length. A listing of more than one page ends, as real ones do, with an empty page. The
 * effects `empty-page` and `repeated-token` change the page.
 */
export function cutPage<Item>(
  all: Item[],
  start: PageStart,
  pageSize: number,
  effect: Effect | null,
): CutPage<Item> {
  const { offset, page } = start;
  if (effect?.kind === "empty-page") return { items: [], next: { offset, page: page + 1 } };
  const share = pageShares[(page - 1) % pageShares.length] ?? 1;
  const end = offset + Math.max(1, Math.floor(pageSize * share));
  const items = all.slice(offset, end);
  if (effect?.kind === "repeated-token") return { items, next: start };
  const isLast = items.length === 0 || (page === 1 && end >= all.length);
  return { items, next: isLast ? null : { offset: end, page: page + 1 } };
}

/** The absolute link to a page: the request's own URL with its `$skiptoken` set, percent-encoded as Azure does it. */
export function nextLink(origin: string, originalUrl: string, { offset, page }: PageStart): string {
  const token = Buffer.from(`${offset}-${page}`).toString("base64url");
  const [path, query = ""] = originalUrl.split("?");
  const others = query
    .split("&")
    .filter((part) => part !== "" && !/^(%24|\$)skiptoken=/i.test(part));
  return `${origin}${path}?${[...others, `%24skiptoken=${token}`].join("&")}`;
}
