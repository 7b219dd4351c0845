import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { FocusFileError } from "./errors.ts";

/** A header longer than this is no header. */
const maxHeaderLength = 1_000_000;

/** The column names of a CSV file, in order. Throws FocusFileError when there is no header. */
export async function readCsvHeader(path: string, isGzip: boolean): Promise<string[]> {
  const file = createReadStream(path);
  const bytes = isGzip ? file.pipe(createGunzip()) : file;
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of bytes) {
      text += decoder.decode(chunk, { stream: true });
      const record = firstRecord(text);
      if (record !== null) return columnsOf(record);
      if (text.length > maxHeaderLength) break;
    }
  } finally {
    file.destroy();
  }
  if (text === "") throw new FocusFileError("EMPTY", "the file is empty");
  if (text.length <= maxHeaderLength) return columnsOf(text);
  throw new FocusFileError("UNREADABLE", "the file does not start with a CSV header");
}

/** The text up to the first line end outside quotes; null if there is none yet. */
function firstRecord(text: string): string | null {
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '"') isQuoted = !isQuoted;
    if (!isQuoted && (character === "\n" || character === "\r")) return text.slice(0, index);
  }
  return null;
}

/** Throws FocusFileError for a header that other characters than commas separate. */
function columnsOf(record: string): string[] {
  const columns = splitRecord(record);
  if (columns.length > 1 || !/[;\t|]/.test(record)) return columns;
  throw new FocusFileError("UNREADABLE", "the columns of the file must be separated by commas");
}

function splitRecord(line: string): string[] {
  const fields = line.match(/(?:[^,"]|"(?:[^"]|"")*")+|(?<=,|^)(?=,|$)/g) ?? [];
  return fields.map((field) =>
    field
      .trim()
      .replace(/^"([^]*)"$/, "$1")
      .replaceAll('""', '"'),
  );
}
