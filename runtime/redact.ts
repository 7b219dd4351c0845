const sensitiveName =
  /pass|secret|token|key|credential|authorization|signature|sas$|connection_?string/i;
const harmlessNames = new Set(["credentialId", "credential_id", "idempotencyKey"]);
const sensitiveText = [
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g,
  /\bsig=[^&\s"]+/g,
  /\bgAAAA[\w-]{20,}={0,2}/g,
];

/** What stands where something was taken out. */
export const redacted = "[redacted]";

/** What PostgreSQL stores neither as text nor in JSON: NUL, and halves of characters. */
const unstorable = /[\0\p{Surrogate}]/gu;

/** A field with its value in text that is almost JSON, a query string or a list of settings. */
const namedValue =
  /([\w-]{0,40}(?:pass|secret|token|key|credential|authorization|signature|connection_?string)[\w-]{0,40})(["']?\s{0,9}[:=]\s{0,9})("(?:[^"\\]|\\.)*"?|'[^']*'?|(?:bearer|basic) \S+|[^\s,;&}\]]+)/gi;

/** Takes out what looks like a key, token or signature, and replaces what PostgreSQL cannot store. */
export function redactText(text: string): string {
  const storable = text.replace(unstorable, "\uFFFD");
  return sensitiveText.reduce((clean, pattern) => clean.replace(pattern, redacted), storable);
}

/**
 * Text of unknown form without its secrets: what looks like one, and values whose name says that they are. For text
 * that should have been JSON and is not, or was cut.
 */
export function redactRawText(text: string): string {
  return redactText(text).replace(namedValue, (whole, name: string, separator: string) =>
    harmlessNames.has(name) ? whole : `${name}${separator}${redacted}`,
  );
}

/**
 * A copy of JSON data that may be stored and shown: fields whose name says that they are secret, at any depth, and
 * texts that look like one, are replaced. Payloads carry no secrets by contract, but any producer can write any payload.
 */
export function redactData(data: unknown): unknown {
  if (typeof data === "string") return redactText(data);
  if (Array.isArray(data)) return data.map(redactData);
  if (typeof data !== "object" || data === null) return data;
  const entries = Object.entries(data).map(([name, value]: [string, unknown]) => {
    const isSecret = sensitiveName.test(name) && !harmlessNames.has(name);
    return [redactText(name), isSecret ? redacted : redactData(value)];
  });
  return Object.fromEntries(entries);
}
