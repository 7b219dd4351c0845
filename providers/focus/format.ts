import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { FocusFileError } from "./errors.ts";

export type FocusFormat = "csv" | "gzip" | "parquet";

/** First bytes of what is not read, and what to do about it. */
const refusals = [
  { start: [0xff, 0xfe], text: "the file is UTF-16 text; export it as UTF-8" },
  { start: [0xfe, 0xff], text: "the file is UTF-16 text; export it as UTF-8" },
  { start: [0x50, 0x4b, 0x03, 0x04], text: "the file is a zip archive; unpack it" },
];

/**
 * What the file is by its first bytes; its name does not count. Throws FocusFileError when it is empty or of another
 * kind that is easily told.
 */
export async function detectFormat(path: string): Promise<FocusFormat> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    if (bytesRead === 0) throw new FocusFileError("EMPTY", "the file is empty");
    if (buffer.toString("latin1") === "PAR1") return "parquet";
    const refusal = refusals.find(({ start }) => start.every((byte, at) => buffer[at] === byte));
    if (refusal) throw new FocusFileError("UNREADABLE", refusal.text);
    return buffer[0] === 0x1f && buffer[1] === 0x8b ? "gzip" : "csv";
  } finally {
    await file.close();
  }
}

/**
 * Unpacks a gzip file into nothing, to check length and checksum: DuckDB checks neither, and would take a file
 * cut at the end of a line for a whole one. Throws FocusFileError.
 */
export async function verifyGzip(path: string, signal: AbortSignal): Promise<void> {
  const nothing = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    await pipeline(createReadStream(path), createGunzip(), nothing, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new FocusFileError("UNREADABLE", "the gzip file is truncated or corrupt", { cause });
  }
}
