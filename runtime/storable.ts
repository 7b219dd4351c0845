import { createHash } from "node:crypto";

/** Longest id that is kept as it is; PostgreSQL's indexes take entries of at most 2,700 bytes. */
const longestId = 400;
/** Deeper data than anybody sends; walking it would end in a stack overflow. */
const deepest = 32;

/** What stands for data below the deepest level. */
export const tooDeep = "[too deep]";

/**
 * Text that PostgreSQL stores: NUL, which it refuses, is spelled as JSON spells it, and halves of surrogate pairs
 * become U+FFFD.
 */
export function storableText(text: string): string {
  return Buffer.from(text).toString().replaceAll("\0", "\\u0000");
}

/**
 * NUL and half a surrogate pair; clouds and their users produce both. In JSON text these are the only such escapes. An
 * escaped backslash is matched first, so that the text "\\u0000" stays what it is.
 */
const notStorable = /\\\\|\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

/** JSON text, as JSON.stringify writes it, that PostgreSQL stores as jsonb: what it refuses becomes U+FFFD. */
export function storableJson(json: string): string {
  return json.replace(notStorable, (found) => (found === "\\\\" ? found : "\u{FFFD}"));
}

/** JSON data with every text as PostgreSQL stores it in jsonb; the data itself if it is so already. */
export function storableValue(value: unknown): unknown {
  const json = JSON.stringify(value);
  if (json === undefined) return undefined;
  const storable = storableJson(json);
  return storable === json ? value : JSON.parse(storable);
}

/**
 * Bytes of unknown origin as text that PostgreSQL stores and people read: UTF-8 as it is, anything else byte by byte
 * with `\xNN` for what is not printable ASCII.
 */
export function storableBytes(bytes: Buffer): string {
  const text = bytes.toString();
  if (Buffer.from(text).equals(bytes)) return storableText(text);
  return bytes
    .toString("latin1")
    .replace(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** An id that can be stored and found again: long ones keep their beginning and are told apart by their digest. */
export function storableId(id: string): string {
  const text = storableText(id);
  if (text.length <= longestId) return text;
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 32);
  return `${storableText(text.slice(0, 200))}…sha256:${digest}`;
}

/** A copy of JSON data that is cut where it is nested too deep to be walked; its strings are as they were. */
export function storableData(data: unknown, depth = 0): unknown {
  if (typeof data !== "object" || data === null) return data;
  if (depth >= deepest) return tooDeep;
  if (Array.isArray(data)) return data.map((item) => storableData(item, depth + 1));
  const entries = Object.entries(data).map(([name, value]: [string, unknown]) => [
    name,
    storableData(value, depth + 1),
  ]);
  return Object.fromEntries(entries);
}
