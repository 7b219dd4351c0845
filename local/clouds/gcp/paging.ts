import type { Effect } from "../faults.ts";

/** Where a page begins, and the number of it, from 1. */
interface Position {
  offset: number;
  page: number;
}

export interface PageQuery {
  pageToken: string | undefined;
  maxResults: number;
}

export interface PageOf<Item> {
  items: Item[];
  nextPageToken: string | undefined;
}

/** Reads the paging parameters of a request. `most` is the API's largest page. */
export function readPageQuery(query: Record<string, unknown>, most: number): PageQuery {
  const asked = Number(query["maxResults"] ?? most);
  const token = query["pageToken"];
  return {
    pageToken: typeof token === "string" && token !== "" ? token : undefined,
    maxResults: Math.min(asked > 0 ? asked : most, most),
  };
}

/** Number of the page asked for, from 1. */
export function pageNumber({ pageToken }: PageQuery): number {
  return positionOf(pageToken)?.page ?? 1;
}

/** Cuts a page, altered as the effect says; null for a token that we never gave out. */
export function cutPage<Item>(
  all: Item[],
  { pageToken, maxResults }: PageQuery,
  effect: Effect | null,
): PageOf<Item> | null {
  const position = positionOf(pageToken);
  if (position === null) return null;
  const { offset, page } = position;
  if (effect?.kind === "empty-page") {
    return { items: [], nextPageToken: tokenOf({ offset, page: page + 1 }) };
  }
  const items = all.slice(offset, offset + maxResults);
  if (effect?.kind === "repeated-token") {
    return { items, nextPageToken: pageToken ?? tokenOf({ offset, page }) };
  }
  const end = offset + maxResults;
  const next = end < all.length ? tokenOf({ offset: end, page: page + 1 }) : undefined;
  return { items, nextPageToken: next };
}

function tokenOf({ offset, page }: Position): string {
  return Buffer.from(`${offset}:${page}`).toString("base64url");
}

function positionOf(token: string | undefined): Position | null {
  if (token === undefined) return { offset: 0, page: 1 };
  const match = /^(\d+):(\d+)$/.exec(Buffer.from(token, "base64url").toString());
  return match === null ? null : { offset: Number(match[1]), page: Number(match[2]) };
}
