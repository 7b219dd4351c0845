/** The bytes of base64 or base64url text, padded or not; null unless this is the one text that encodes them. */
export function decodeBase64(text: string): Buffer | null {
  const bare = text
    .replace(/={1,2}$/, "")
    .replaceAll("+", "-")
    .replaceAll("/", "_");
  const bytes = Buffer.from(bare, "base64url");
  // Buffer.from skips what it does not know; what comes back must be what went in.
  return bytes.toString("base64url") === bare ? bytes : null;
}
