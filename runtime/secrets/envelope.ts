import { randomBytes } from "node:crypto";
import { decrypt, encrypt, nonceLength, tagLength } from "./aes-gcm.ts";
import { decodeBase64 } from "./base64.ts";
import { MalformedSecretError, TamperedSecretError, UnknownKeyError } from "./errors.ts";
import type { KeyRing } from "./key-ring.ts";

/** Where a secret is stored. It opens there and nowhere else. */
export interface SecretPlace {
  table: string;
  id: number | string;
  column: string;
}

/** What every envelope starts with. */
export const envelopePrefix = "v1.";

/**
 * Seals a text: `v1.<key id>.<nonce>.<ciphertext and tag>`, base64url, AES-256-GCM with the current key.
 * The associated data is `<table>/<id>/<column>`, so that nobody can move a secret to another row or column.
 */
export function sealEnvelope(clear: string, keyRing: KeyRing, place: SecretPlace): string {
  const id = keyRing.currentId;
  const key = keyRing.keys.get(id);
  if (key === undefined) throw new UnknownKeyError(`key "${id}" is not configured`);
  const nonce = randomBytes(nonceLength);
  const sealed = encrypt(key, nonce, Buffer.from(clear), associatedData(place));
  return `${envelopePrefix}${id}.${nonce.toString("base64url")}.${sealed.toString("base64url")}`;
}

/** Opens an envelope. Throws a SecretError and returns nothing unless all of it is authentic. */
export function openEnvelope(text: string, keyRing: KeyRing, place: SecretPlace): string {
  const { keyId, nonce, sealed } = parse(text);
  const key = keyRing.keys.get(keyId);
  if (key === undefined) throw new UnknownKeyError(`key "${keyId}" is not configured`);
  const clear = decrypt(key, nonce, sealed, associatedData(place));
  if (clear === null) {
    throw new TamperedSecretError(
      `the text is not what key "${keyId}" sealed for this row and column`,
    );
  }
  return clear.toString("utf8");
}

/** The id of the key that sealed this envelope. Throws MalformedSecretError. */
export function envelopeKeyId(text: string): string {
  return parse(text).keyId;
}

function parse(text: string): { keyId: string; nonce: Buffer; sealed: Buffer } {
  const match = /^v1\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/.exec(text);
  const [, keyId = "", nonceText = "", sealedText = ""] = match ?? [];
  const nonce = decodeBase64(nonceText);
  const sealed = decodeBase64(sealedText);
  if (nonce?.length !== nonceLength || sealed === null || sealed.length < tagLength) {
    throw new MalformedSecretError("the text is not a whole v1 envelope");
  }
  return { keyId, nonce, sealed };
}

function associatedData(place: SecretPlace): Buffer {
  return Buffer.from(`${place.table}/${place.id}/${place.column}`);
}
