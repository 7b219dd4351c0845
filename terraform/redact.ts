/** Shorter values occur by chance all over a log; blacking them out would hide the log, not the secret. */
const shortestSecret = 6;
const mark = "[redacted]";

/** Takes out a run's own secrets from text: as they are, in base64 and URL-encoded. */
export interface Redactor {
  /** Redacts one complete text. */
  text(text: string): string;
  /** Redacts every string inside a JSON value, keys too; decoded strings, so that no escape hides a secret. */
  value(value: unknown): unknown;
  /** Redacts a text that arrives in chunks, secrets across their borders included. */
  stream(): RedactorStream;
}

export interface RedactorStream {
  /** What of the text so far can be shown; the rest is held back until more is known. */
  write(chunk: string): string;
  /** The held-back rest. */
  end(): string;
}

/** Secrets shorter than 6 characters are ignored. */
export function createRedactor(secrets: string[]): Redactor {
  const forms = [
    ...new Set(secrets.filter((secret) => secret.length >= shortestSecret).flatMap(encodings)),
  ];
  // Longest first: of two secrets that start alike, the shorter must not leave the tail of the longer.
  forms.sort((a, b) => b.length - a.length);
  const longest = forms[0]?.length ?? 0;
  const pattern = forms.length > 0 ? new RegExp(forms.map(escapeRegExp).join("|"), "g") : null;
  const text = (input: string) => (pattern ? input.replace(pattern, mark) : input);
  return {
    text,
    value: (value) => mapStrings(value, text),
    stream: () => createStream(pattern, longest),
  };
}

function encodings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    bytes.toString("base64"),
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("base64url"),
    encodeURIComponent(secret),
    new URLSearchParams({ "": secret }).toString().slice(1),
  ];
}

function createStream(pattern: RegExp | null, longest: number): RedactorStream {
  let held = "";
  const take = (complete: boolean): string => {
    if (!pattern) return takeAll();
    // A match may only be decided where even the longest secret would fit into what is known.
    const decidable = complete ? held.length : held.length - longest;
    let out = "";
    let from = 0;
    for (const match of held.matchAll(pattern)) {
      if (match.index > decidable) break;
      out += held.slice(from, match.index) + mark;
      from = match.index + match[0].length;
    }
    const until = Math.max(from, decidable + 1);
    out += held.slice(from, until);
    held = held.slice(until);
    return out;
  };
  const takeAll = (): string => {
    const out = held;
    held = "";
    return out;
  };
  return {
    write(chunk) {
      held += chunk;
      return take(false);
    },
    end: () => take(true),
  };
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [change(key), mapStrings(item, change)]),
  );
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
