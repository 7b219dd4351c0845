import {
  envelopeKeyId,
  envelopePrefix,
  openEnvelope,
  type SecretPlace,
  sealEnvelope,
} from "./envelope.ts";
import { MalformedSecretError } from "./errors.ts";
import { type FernetKey, fernetPrefix, openFernet, parseFernetKeys } from "./fernet.ts";
import { type KeyRing, parseKeyRing } from "./key-ring.ts";

export interface SecretKeys {
  keyRing: KeyRing;
  fernetKeys: readonly FernetKey[];
}

/** Seals and opens the secrets of one installation. */
export interface Secrets {
  /** Opens what is stored at this place. Throws a SecretError; returns the whole secret or nothing. */
  open(text: string, place: SecretPlace): string;
  /** Seals a secret for this place with the current key. */
  seal(clear: string, place: SecretPlace): string;
  /** Whether the current key sealed this text, so that rotation can leave it. Throws MalformedSecretError. */
  isCurrent(text: string): boolean;
}

/** The secrets under the keys of CREDENTIAL_KEYS and FERNET_KEYS. Throws KeyFormatError. */
export function createSecrets(credentialKeys: string, fernetKeys = ""): Secrets {
  const keys = { keyRing: parseKeyRing(credentialKeys), fernetKeys: parseFernetKeys(fernetKeys) };
  return {
    open: (text, place) => openSecret(text, { ...keys, place }),
    seal: (clear, place) => sealEnvelope(clear, keys.keyRing, place),
    isCurrent: (text) =>
      !text.startsWith(fernetPrefix) && envelopeKeyId(text) === keys.keyRing.currentId,
  };
}

/**
 * Opens a stored secret of either format: our envelope, or a Fernet token of the platform's Python side.
 * Throws a SecretError; returns the whole secret or nothing.
 */
function openSecret(
  text: string,
  { keyRing, fernetKeys, place }: SecretKeys & { place: SecretPlace },
): string {
  if (text.startsWith(envelopePrefix)) return openEnvelope(text, keyRing, place);
  if (text.startsWith(fernetPrefix)) return openFernet(text, fernetKeys);
  throw new MalformedSecretError("the text is neither a v1 envelope nor a Fernet token");
}
