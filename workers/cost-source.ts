import type { CostLine, CostWindow, Provider } from "../providers/provider.ts";
import type { CostIngestPayload } from "../queues/cost-ingest.ts";
import type { CostScope } from "../tables/cost-data.ts";
import { GiveUpError } from "./errors.ts";

/** One snapshot of billing data to load. */
export interface CostSource {
  /** `focus-file` or `aws-cost-explorer`; column `cost_loads.source`. */
  name: string;
  /** Identifies the content, where the source can tell before it is read (digest of the file). */
  version: string | null;
  /** Exact sum per currency as the source itself states it, where it can; the load must reach it. */
  totals: Record<string, string> | null;
  /** Days that an API was asked for; null for files, which cover the billing periods that occur in them. */
  window: CostScope | null;
  lines(signal: AbortSignal): AsyncIterable<CostLine[]>;
  close(): void;
}

/** A provider with a cost API. */
export type CostProvider = Provider & Required<Pick<Provider, "costs">>;

/** AWS Cost Explorer for these days. */
export function costExplorer(provider: CostProvider, days: CostWindow): CostSource {
  return {
    name: "aws-cost-explorer",
    version: null,
    totals: null,
    window: { provider: "aws", ...days },
    lines: (signal) => provider.costs(days, signal),
    close: () => provider.close(),
  };
}

/**
 * The days of the payload, or those that AWS still restates. Throws GiveUpError INVALID_PAYLOAD when the payload names
 * one end of them and it lies beyond the other.
 */
export function costWindow(payload: CostIngestPayload, today: Date): CostWindow {
  const restated = restatedDays(today);
  const { start = restated.start, end = restated.end } = payload;
  if (start < end) return { start, end };
  const [path, problem] = payload.end
    ? ["/end", `expected a day after ${start}, from which costs are read without start`]
    : ["/start", `expected a day before ${end}, until which costs are read without end`];
  throw new GiveUpError("INVALID_PAYLOAD", problem, path);
}

/** The day of the month until which AWS restates the month before (reference: bills settle 5 to 7 days in). */
const settledOnDay = 10;

/**
 * The days that AWS still restates: the month to date, and in the first ten days the month before. `end` is the day
 * after today, since it is exclusive.
 */
export function restatedDays(today: Date): CostWindow {
  const month = today.getUTCMonth() - (today.getUTCDate() <= settledOnDay ? 1 : 0);
  const start = new Date(Date.UTC(today.getUTCFullYear(), month, 1));
  const end = new Date(
    Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate() + 1),
  );
  return { start: start.toISOString().slice(0, 10), end: end.toISOString().slice(0, 10) };
}
