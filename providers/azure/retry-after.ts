/** Headers of an answer, however a package represents them. */
export interface AnswerHeaders {
  get(name: string): string | undefined;
}

const millisecondHeaders = ["retry-after-ms", "x-ms-retry-after-ms"];

/**
 * How long Azure asks us to wait, in milliseconds; undefined when it does not say. Understands the two millisecond
 * headers and `Retry-After` as seconds or as an HTTP date.
 */
export function retryAfterMs(headers: AnswerHeaders): number | undefined {
  for (const name of millisecondHeaders) {
    const milliseconds = positiveNumber(headers.get(name));
    if (milliseconds !== undefined) return milliseconds;
  }
  const text = headers.get("retry-after");
  const seconds = positiveNumber(text);
  if (seconds !== undefined) return seconds * 1_000;
  const waitMs = Date.parse(text ?? "") - Date.now();
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : undefined;
}

function positiveNumber(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}
