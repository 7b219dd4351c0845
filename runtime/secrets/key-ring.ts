import { createSecretKey, type KeyObject } from "node:crypto";
import { decodeBase64 } from "./base64.ts";
import { KeyFormatError } from "./errors.ts";

const keyBytes = 32;
const keyId = /^[A-Za-z0-9_-]{1,64}$/;

/** AES-256 keys by id. The current one seals; all of them open, so keys can be exchanged without downtime. */
export interface KeyRing {
  currentId: string;
  keys: ReadonlyMap<string, KeyObject>;
}

/**
 * Reads `id:base64 of 32 bytes`, separated by commas or white space; the first entry is the current key.
 * Throws KeyFormatError naming bad entries by id, or by position when the id itself is bad; never by key.
 */
export function parseKeyRing(text: string): KeyRing {
  const keys = new Map<string, KeyObject>();
  const problems: string[] = [];
  for (const [index, entry] of entriesOf(text).entries()) {
    const colon = entry.indexOf(":");
    const id = entry.slice(0, Math.max(colon, 0));
    if (!keyId.test(id)) {
      problems.push(`CREDENTIAL_KEYS: entry ${index + 1} does not start with an id and a colon`);
      continue;
    }
    const bytes = decodeBase64(entry.slice(colon + 1));
    if (bytes?.length !== keyBytes) {
      problems.push(`CREDENTIAL_KEYS: key "${id}" is not base64 of ${keyBytes} bytes`);
    } else if (keys.has(id)) {
      problems.push(`CREDENTIAL_KEYS: key "${id}" is given twice`);
    } else {
      keys.set(id, createSecretKey(bytes));
    }
  }
  const [currentId] = keys.keys();
  if (currentId === undefined && problems.length === 0) problems.push("CREDENTIAL_KEYS is empty");
  if (currentId === undefined || problems.length > 0) throw new KeyFormatError(problems);
  return { currentId, keys };
}

/** The non-empty parts of a list separated by commas or white space. */
export function entriesOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((entry) => entry !== "");
}
