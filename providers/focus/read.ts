import type { CostLine } from "../provider.ts";
import { add, type Decimal, formatDecimal, zero } from "./decimal.ts";
import type { FocusRow } from "./row.ts";
import { readRows } from "./rows.ts";

const batchSize = 1_000;

/** Lines of a bill with the same provider, service, resource, day, billing period and currency, added up. */
interface Group {
  first: FocusRow;
  lines: number;
  cost: Decimal;
  effectiveCost: Decimal | null;
  accounts: Map<string | null, Decimal>;
  categories: Map<string | null, Decimal>;
}

/**
 * Streams the cost lines of a FOCUS file (CSV, gzipped CSV or parquet), `BilledCost` added up exactly per provider,
 * service, resource, day of usage in UTC, billing period and currency. Memory does not grow with the file. Throws
 * FocusFileError, or `signal.reason` when aborted.
 */
export async function* readFocus(path: string, signal: AbortSignal): AsyncIterable<CostLine[]> {
  let group: Group | null = null;
  let batch: CostLine[] = [];
  for await (const rows of readRows(path, signal, { inGroups: true })) {
    for (const row of rows) {
      if (group !== null && !belongs(row, group.first)) {
        batch.push(costLine(group));
        group = null;
      }
      group ??= newGroup(row);
      addRow(group, row);
    }
    if (batch.length >= batchSize) {
      yield batch;
      batch = [];
    }
  }
  if (group !== null) batch.push(costLine(group));
  if (batch.length > 0) yield batch;
}

function belongs(row: FocusRow, first: FocusRow): boolean {
  return (
    row.provider === first.provider &&
    row.service === first.service &&
    row.resource === first.resource &&
    row.day === first.day &&
    row.period === first.period &&
    row.currency === first.currency
  );
}

function newGroup(first: FocusRow): Group {
  const sums = { accounts: new Map(), categories: new Map() };
  return { first, lines: 0, cost: zero, effectiveCost: null, ...sums };
}

function addRow(group: Group, row: FocusRow): void {
  group.lines += 1;
  group.cost = add(group.cost, row.cost);
  if (row.effectiveCost !== null) {
    group.effectiveCost = add(group.effectiveCost ?? zero, row.effectiveCost);
  }
  addTo(group.accounts, row.account, row.cost);
  addTo(group.categories, row.category, row.cost);
}

function addTo(sums: Map<string | null, Decimal>, key: string | null, cost: Decimal): void {
  sums.set(key, add(sums.get(key) ?? zero, cost));
}

function costLine({ first, lines, cost, effectiveCost, accounts, categories }: Group): CostLine {
  const [account = null, ...others] = accounts.keys();
  return {
    provider: first.provider,
    accountId: others.length === 0 ? account : null,
    service: first.service,
    resourceId: first.resource,
    cost: formatDecimal(cost),
    currency: first.currency,
    date: first.day,
    billingPeriod: first.period,
    metadata: {
      line_count: lines,
      effective_cost: effectiveCost && formatDecimal(effectiveCost),
      accounts: named(accounts),
      charge_categories: named(categories),
    },
  };
}

/** Sums by name; lines that name none are in the total only. */
function named(sums: Map<string | null, Decimal>): Record<string, string> {
  const entries = [...sums].flatMap(([key, sum]): [string, string][] =>
    key === null ? [] : [[key, formatDecimal(sum)]],
  );
  return Object.fromEntries(entries);
}
