/**
 * A sealed secret that cannot be opened. Messages and fields hold no secret material: neither keys nor clear nor
 * sealed text. `fault` says who can mend it: the operator, who configures keys, or whoever wrote the stored text.
 */
export abstract class SecretError extends Error {
  abstract readonly code: string;
  abstract readonly fault: "operator" | "writer";
}

/** The text was sealed with a key that is not configured. */
export class UnknownKeyError extends SecretError {
  override readonly name = "UnknownKeyError";
  readonly code = "UNKNOWN_KEY";
  readonly fault = "operator";
}

/** The text is not what was sealed for this row and column: changed, moved, or sealed with another key of that name. */
export class TamperedSecretError extends SecretError {
  override readonly name = "TamperedSecretError";
  readonly code = "TAMPERED_SECRET";
  readonly fault = "writer";
}

/** The text is no sealed secret of a format we know; clear text, most likely. */
export class MalformedSecretError extends SecretError {
  override readonly name = "MalformedSecretError";
  readonly code = "MALFORMED_SECRET";
  readonly fault = "writer";
}

/** CREDENTIAL_KEYS or FERNET_KEYS hold something that is no key. Lists every problem at once. */
export class KeyFormatError extends SecretError {
  override readonly name = "KeyFormatError";
  readonly code = "KEY_FORMAT";
  readonly fault = "operator";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("; "));
    this.problems = problems;
  }
}
