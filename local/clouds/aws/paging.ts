import type { Effect } from "../faults.ts";
import { AwsFailure } from "./failure.ts";

interface Position {
  offset: number;
  /** Number of the page that begins there, from 1. */
  page: number;
}

/** Number of the page that a token asks for, from 1; 1 also for a token that is not ours. */
export function pageNumber(token: string | undefined): number {
  return (token === undefined ? undefined : decode(token)?.page) ?? 1;
}

/** Cuts one page out of a list, or bends it as the effect says. Throws an `AwsFailure` for a foreign token. */
export function cutPage<Item>(
  items: readonly Item[],
  size: number,
  token: string | undefined,
  effect: Effect | null,
): { items: Item[]; next: string | undefined } {
  const start = token === undefined ? { offset: 0, page: 1 } : decode(token);
  if (!start) throw new AwsFailure(400, "InvalidNextToken", "The pagination token is not valid");
  if (effect?.kind === "empty-page") {
    return { items: [], next: encode({ offset: start.offset, page: start.page + 1 }) };
  }
  const end = start.offset + size;
  const page = items.slice(start.offset, end);
  if (effect?.kind === "repeated-token") return { items: page, next: token ?? encode(start) };
  const next = end < items.length ? encode({ offset: end, page: start.page + 1 }) : undefined;
  return { items: page, next };
}

function encode({ offset, page }: Position): string {
  return Buffer.from(`${offset} ${page}`).toString("base64url");
}

function decode(token: string): Position | undefined {
  const match = /^(\d+) (\d+)$/.exec(Buffer.from(token, "base64url").toString());
  return match ? { offset: Number(match[1]), page: Number(match[2]) } : undefined;
}
