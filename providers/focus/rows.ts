import { type FocusField, locateColumns } from "./columns.ts";
import { readCsvHeader } from "./csv-header.ts";
import { type FileReader, openReader } from "./duckdb.ts";
import { FocusFileError } from "./errors.ts";
import { detectFormat, type FocusFormat, verifyGzip } from "./format.ts";
import { linesQuery } from "./query.ts";
import { checkedRow, type FocusRow } from "./row.ts";

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

/**
 * Whether DuckDB blames the file. It has no error codes, only these first words; lack of memory or disk starts
 * otherwise and is not the fault of the file.
 */
function isAboutContent(error: unknown): error is Error {
  return error instanceof Error && /^(Invalid|Invalid Input|Conversion) Error:/.test(error.message);
}

/** What DuckDB says below its first line, as far as it is of use to whoever made the file. */
const details =
  /Expected Number of Columns: \d+ Found: \d+|Value with unterminated quote found|This file is not utf-8 encoded|Maximum line size/;

/** DuckDB also repeats the line of the bill and our options; neither is for messages. */
function unreadable(cause: Error): FocusFileError {
  const [firstLine = ""] = cause.message.split("\n", 1);
  const reason = firstLine.replace(/^[\w ]*Error: /, "").replaceAll(/["'][^"']*["']/g, "…");
  const detail = details.exec(cause.message.slice(firstLine.length))?.[0];
  const text = detail === undefined ? reason : `${reason}: ${detail}`;
  return new FocusFileError("UNREADABLE", `the file cannot be read: ${text}`, { cause });
}
