import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";

const algorithm = "aes-256-gcm";
/** Bytes of the authentication tag that ends the ciphertext. */
export const tagLength = 16;
/** Bytes of a nonce (NIST SP 800-38D §8.2: 96 bits). */
export const nonceLength = 12;

/** Encrypts; the result is the ciphertext followed by the tag. A nonce must never repeat under one key. */
export function encrypt(key: KeyObject, nonce: Buffer, clear: Buffer, associated: Buffer): Buffer {
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagLength });
  cipher.setAAD(associated);
  return Buffer.concat([cipher.update(clear), cipher.final(), cipher.getAuthTag()]);
}

/** Decrypts ciphertext and tag; null when key, nonce, associated data and ciphertext do not belong together. */
export function decrypt(
  key: KeyObject,
  nonce: Buffer,
  sealed: Buffer,
  associated: Buffer,
): Buffer | null {
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagLength });
  decipher.setAAD(associated);
  decipher.setAuthTag(sealed.subarray(-tagLength));
  const clear = decipher.update(sealed.subarray(0, -tagLength));
  try {
    return Buffer.concat([clear, decipher.final()]);
  } catch {
    return null;
  }
}
