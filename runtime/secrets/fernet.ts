import {
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
} from "node:crypto";
import { decodeBase64 } from "./base64.ts";
import {
  KeyFormatError,
  MalformedSecretError,
  TamperedSecretError,
  UnknownKeyError,
} from "./errors.ts";
import { entriesOf } from "./key-ring.ts";

/** One Fernet key: 16 bytes that sign, then 16 bytes that encrypt (github.com/fernet/spec). */
export interface FernetKey {
  signing: KeyObject;
  encryption: KeyObject;
}

/** What every Fernet token starts with: version byte 0x80 and the high bytes of a time before the year 2106. */
export const fernetPrefix = "gAAAA";

const version = 0x80;
/** Version, 8 bytes of time, 16 bytes of initialisation vector. */
const headerLength = 25;
const macLength = 32;
const blockLength = 16;

/**
 * Reads Fernet keys, separated by commas or white space; none is fine. Throws KeyFormatError naming bad
 * entries by position.
 */
export function parseFernetKeys(text: string): FernetKey[] {
  const decoded = entriesOf(text).map(decodeBase64);
  const problems = decoded.flatMap((bytes, index) =>
    bytes?.length === 32 ? [] : [`FERNET_KEYS: entry ${index + 1} is not base64url of 32 bytes`],
  );
  if (problems.length > 0) throw new KeyFormatError(problems);
  return decoded
    .filter((bytes) => bytes !== null)
    .map((bytes) => ({
      signing: createSecretKey(bytes.subarray(0, 16)),
      encryption: createSecretKey(bytes.subarray(16)),
    }));
}

/**
 * Opens a token that any of the keys made. Its age does not count: a stored credential does not expire. A token
 * is not bound to its row, so one that was moved opens. Throws a SecretError; returns nothing partial.
 */
export function openFernet(token: string, keys: readonly FernetKey[]): string {
  const bytes = decodeBase64(token);
  const blocks = (bytes?.length ?? 0) - headerLength - macLength;
  if (bytes?.[0] !== version || blocks < blockLength || blocks % blockLength !== 0) {
    throw new MalformedSecretError("the text is not a whole Fernet token");
  }
  if (keys.length === 0) throw new UnknownKeyError("FERNET_KEYS is empty");
  const signed = bytes.subarray(0, -macLength);
  const mac = bytes.subarray(-macLength);
  const key = keys.find(({ signing }) => {
    const expected = createHmac("sha256", signing).update(signed).digest();
    return timingSafeEqual(mac, expected);
  });
  if (key === undefined) {
    throw new TamperedSecretError("no key of FERNET_KEYS made this token, or it was changed since");
  }
  return decryptSigned(signed, key);
}

function decryptSigned(signed: Buffer, key: FernetKey): string {
  const iv = signed.subarray(9, headerLength);
  const decipher = createDecipheriv("aes-128-cbc", key.encryption, iv);
  try {
    const clear = [decipher.update(signed.subarray(headerLength)), decipher.final()];
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(clear));
  } catch {
    throw new MalformedSecretError("the Fernet token holds no padded UTF-8 text");
  }
}
