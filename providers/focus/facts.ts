import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { add, type Decimal, formatDecimal, zero } from "./decimal.ts";
import { readRows } from "./rows.ts";

/** What a FOCUS file says of itself, before anything of it is loaded. */
export interface FocusFacts {
  /** SHA-256 of the file in hex: the same version has the same content. */
  version: string;
  /** Lines of the bill; the header does not count. */
  rows: number;
  /** Exact sum of BilledCost per currency, as decimal text. */
  totals: Record<string, string>;
  /** Billing periods that occur, `YYYY-MM`, sorted. */
  periods: string[];
  /** First and last day of usage in UTC; null when there are no rows. */
  days: { first: string; last: string } | null;
}

/**
 * Reads a whole FOCUS file and checks every line. The sums are made line by line, apart from the grouping of
 * readFocus, so that the one proves the other. Throws FocusFileError, or `signal.reason` when aborted.
 */
export async function focusFacts(path: string, signal: AbortSignal): Promise<FocusFacts> {
  const version = await digestOf(path, signal);
  const totals = new Map<string, Decimal>();
  const periods = new Set<string>();
  let days: FocusFacts["days"] = null;
  let count = 0;
  for await (const rows of readRows(path, signal, { inGroups: false })) {
    count += rows.length;
    for (const { currency, cost, period, day } of rows) {
      totals.set(currency, add(totals.get(currency) ?? zero, cost));
      periods.add(period);
      days ??= { first: day, last: day };
      if (day < days.first) days.first = day;
      if (day > days.last) days.last = day;
    }
  }
  const sums = [...totals].map(([currency, sum]) => [currency, formatDecimal(sum)]);
  return {
    version,
    rows: count,
    totals: Object.fromEntries(sums),
    periods: [...periods].toSorted(),
    days,
  };
}

async function digestOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
  return hash.digest("hex");
}
