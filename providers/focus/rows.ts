import type { DuckDBValue } from "@duckdb/node-api";
import { columnName, type FocusField, locateColumns } from "./columns.ts";
import { readCsvHeader } from "./csv-header.ts";
import { type Decimal, parseDecimal } from "./decimal.ts";
import { type FileReader, openReader } from "./duckdb.ts";
import { FocusFileError } from "./errors.ts";
import { detectFormat, type FocusFormat, verifyGzip } from "./format.ts";
import { linesQuery, rowFields } from "./query.ts";

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

/**
 * Streams the lines of a file, about 2,000 at a time; with `inGroups` those of one group follow each other. Throws
 * FocusFileError, or `signal.reason` when aborted.
 */
export async function* readRows(
  path: string,
  signal: AbortSignal,
  options: { inGroups: boolean },
): AsyncIterable<FocusRow[]> {
  signal.throwIfAborted();
  const format = await detectFormat(path);
  if (format === "gzip") await verifyGzip(path, signal);
  const reader = await openReader(path);
  const interrupt = () => reader.connection.interrupt();
  signal.addEventListener("abort", interrupt);
  try {
    const { source, expressions, headerRows } = await sourceOf(path, format, reader);
    const query = linesQuery(source, expressions, { ...options, headerRows });
    const result = await reader.connection.stream(query);
    for await (const rows of result.yieldRows()) {
      signal.throwIfAborted();
      yield rows.map(checkedRow);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw isAboutContent(error) ? unreadable(error) : error;
  } finally {
    signal.removeEventListener("abort", interrupt);
    await reader.close();
  }
}

interface Source {
  source: string;
  expressions: Partial<Record<FocusField, string>>;
  headerRows: number;
}

/** Where the fields of a file are. Columns get names of ours: those of the file never become SQL. */
async function sourceOf(path: string, format: FocusFormat, reader: FileReader): Promise<Source> {
  if (format === "parquet") {
    const header = await parquetHeader(reader);
    const names = header.map((_name, position) => `c${position}`).join(", ");
    const source = `(SELECT * FROM read_parquet('${reader.file}')) AS input(${names})`;
    return { source, expressions: expressionsOf(header), headerRows: 0 };
  }
  const header = await readCsvHeader(path, format === "gzip");
  const types = header.map((_name, position) => `c${position}: 'VARCHAR'`).join(", ");
  const compression = format === "gzip" ? "gzip" : "none";
  // Nothing is guessed, the header is read as a row: DuckDB's sniffer drops lines that it does not understand, and so
  // does its handling of headers.
  const source = `read_csv('${reader.file}', auto_detect = false, header = false, columns = {${types}},
    delim = ',', quote = '"', escape = '"', strict_mode = true, null_padding = false, compression = '${compression}')`;
  return { source, expressions: expressionsOf(header), headerRows: 1 };
}

function expressionsOf(header: readonly string[]): Partial<Record<FocusField, string>> {
  const located = Object.entries(locateColumns(header));
  return Object.fromEntries(located.map(([field, position]) => [field, `c${position}`]));
}

async function parquetHeader(reader: FileReader): Promise<string[]> {
  const description = `DESCRIBE SELECT * FROM read_parquet('${reader.file}')`;
  const result = await reader.connection.runAndReadAll(description);
  return result.getRows().map(([name]) => String(name));
}

function checkedRow(values: DuckDBValue[]): FocusRow {
  const cells: Partial<Record<(typeof rowFields)[number], string>> = {};
  for (const [index, field] of rowFields.entries()) {
    const value = values[index];
    if (typeof value === "string") cells[field] = value;
  }
  const bad = (field: FocusField, expected: string) => {
    const row = Number(cells.row);
    const message = `row ${row}, column ${columnName(field)}: expected ${expected}`;
    return new FocusFileError("BAD_VALUE", message, { column: columnName(field), row });
  };
  const { provider, day, period, currency } = cells;
  if (!provider) throw bad("provider", "the name of a provider");
  if (day === undefined) throw bad("day", "a date and time such as 2024-09-30T22:00:00Z");
  if (period === undefined) throw bad("period", "a date and time such as 2024-09-01T00:00:00Z");
  if (currency === undefined) throw bad("currency", "a currency");
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

/**
 * Whether DuckDB blames the file. It has no error codes, only these first words; lack of memory or disk starts
 * otherwise and is not the fault of the file.
 */
function isAboutContent(error: unknown): error is Error {
  return error instanceof Error && /^(Invalid|Invalid Input|Conversion) Error:/.test(error.message);
}

/** DuckDB says what is wrong and then repeats the line of the bill; only the former is for messages. */
function unreadable(cause: Error): FocusFileError {
  const [firstLine = ""] = cause.message.split("\n", 1);
  const reason = firstLine.replace(/^[\w ]*Error: /, "").replaceAll(/["'][^"']*["']/g, "…");
  return new FocusFileError("UNREADABLE", `the file cannot be read: ${reason}`, { cause });
}
