import type { DuckDBValue } from "@duckdb/node-api";
import { columnName, type FocusField } from "./columns.ts";
import { type Decimal, parseDecimal } from "./decimal.ts";
import { FocusFileError } from "./errors.ts";
import { rowFields } from "./query.ts";

/** One line of a FOCUS file, checked. */
export interface FocusRow {
  provider: string;
  service: string | null;
  resource: string | null;
  /** Day of usage in UTC. */
  day: string;
  period: string;
  currency: string;
  account: string | null;
  category: string | null;
  cost: Decimal;
  effectiveCost: Decimal | null;
}

type Cells = Partial<Record<(typeof rowFields)[number], string>>;

/** `cost_data.provider` and `cost_data.currency` hold so many characters. */
const longestProvider = 50;
const longestCurrency = 10;

/** Checks a row of linesQuery. Throws FocusFileError BAD_VALUE naming row and column. */
export function checkedRow(values: DuckDBValue[]): FocusRow {
  const cells = cellsOf(values);
  const bad = (field: FocusField, expected: string) => badValue(cells.row, field, expected);
  const { provider, day, period, currency } = cells;
  if (!provider) throw bad("provider", "the name of a provider");
  if (provider.length > longestProvider) {
    throw bad("provider", `at most ${longestProvider} characters`);
  }
  if (day === undefined) throw bad("day", "a date and time such as 2024-09-30T22:00:00Z");
  if (period === undefined) throw bad("period", "a date and time such as 2024-09-01T00:00:00Z");
  if (currency === undefined) throw bad("currency", "a currency");
  if (currency.length > longestCurrency) throw bad("currency", "a currency code such as USD");
  const cost = parseDecimal(cells.cost ?? "");
  if (cost === null) throw bad("cost", "a decimal number");
  const effective = cells.effectiveCost;
  const effectiveCost = effective === undefined ? null : parseDecimal(effective);
  if (effective !== undefined && effectiveCost === null) {
    throw bad("effectiveCost", "a decimal number");
  }
  const texts = { service: null, resource: null, account: null, category: null };
  return { ...texts, ...cells, provider, day, period, currency, cost, effectiveCost };
}

function cellsOf(values: DuckDBValue[]): Cells {
  const cells: Cells = {};
  for (const [index, field] of rowFields.entries()) {
    const value = values[index];
    if (typeof value !== "string") continue;
    // PostgreSQL stores none; a file that has one is damaged, as by a crash while it was written.
    if (field !== "row" && value.includes("\0")) {
      throw badValue(cells.row, field, "text without NUL characters");
    }
    cells[field] = value;
  }
  return cells;
}

function badValue(row: string | undefined, field: FocusField, expected: string): FocusFileError {
  const column = columnName(field);
  const message = `row ${row}, column ${column}: expected ${expected}`;
  return new FocusFileError("BAD_VALUE", message, { column, row: Number(row) });
}
