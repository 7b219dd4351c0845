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

/** Takes out what looks like a key, token or signature, and replaces what PostgreSQL cannot store. */
export function redactText(text: string): string {
  const storable = text.replace(unstorable, "\uFFFD");
  return sensitiveText.reduce((clean, pattern) => clean.replace(pattern, redacted), storable);
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
