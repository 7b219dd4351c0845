import { isRecord, textOf } from "./json.ts";

/** What Google said when a call failed, gathered from the several shapes in which its libraries throw. */
export interface GoogleFailure {
  /** HTTP status; null when no answer came. */
  status: number | null;
  /** `rateLimitExceeded`, `SERVICE_DISABLED`, … from `errors[]` and `details[]`, or the OAuth error. */
  reasons: string[];
  /** Whether the OAuth token exchange refused, not an API. */
  isTokenRefusal: boolean;
  /** Google's text. It may hold ids and addresses: for matching only, never to be passed on. */
  text: string;
  /** `ECONNRESET` and the like. */
  systemCode: string | null;
  retryAfterMs: number | null;
}

/**
 * Reads an error thrown by google-auth-library (gaxios), the generated clients or @google-cloud/storage. The generated
 * clients over REST carry Google's JSON as the text of `message`; the token exchange as `response.data`;
 * storage as `errors` on the error itself.
 */
export function readFailure(error: unknown): GoogleFailure {
  const thrown = isRecord(error) ? error : {};
  const response = isRecord(thrown["response"]) ? thrown["response"] : {};
  const body = bodyOf(thrown, response);
  const problem = isRecord(body["error"]) ? body["error"] : body;
  const isTokenRefusal = typeof body["error"] === "string";
  const details = recordsOf(problem["details"]);
  return {
    status: statusOf(thrown, response),
    reasons: [...recordsOf(problem["errors"]), ...recordsOf(thrown["errors"]), ...details]
      .map((entry) => textOf(entry["reason"]))
      .concat(textOf(problem["status"]), isTokenRefusal ? textOf(body["error"]) : null)
      .filter((reason) => reason !== null),
    isTokenRefusal,
    text: textOf(body["error_description"]) ?? textOf(problem["message"]) ?? messageOf(thrown),
    systemCode: textOf(thrown["code"]),
    retryAfterMs: retryInfo(details) ?? retryAfterHeader(response["headers"]),
  };
}

function bodyOf(
  thrown: Record<string, unknown>,
  response: Record<string, unknown>,
): Record<string, unknown> {
  if (isRecord(response["data"])) return response["data"];
  try {
    const parsed: unknown = JSON.parse(messageOf(thrown));
    return isRecord(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function messageOf(thrown: Record<string, unknown>): string {
  return textOf(thrown["message"]) ?? "";
}

function statusOf(
  thrown: Record<string, unknown>,
  response: Record<string, unknown>,
): number | null {
  for (const value of [thrown["status"], response["status"], thrown["code"]]) {
    if (typeof value === "number" && value >= 400) return value;
  }
  return null;
}

function recordsOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** google.rpc.RetryInfo: `retryDelay` such as `"30s"`. */
function retryInfo(details: Record<string, unknown>[]): number | null {
  for (const detail of details) {
    const seconds = Number.parseFloat(textOf(detail["retryDelay"]) ?? "");
    if (Number.isFinite(seconds)) return seconds * 1000;
  }
  return null;
}

/** A plain object from storage, one of node-fetch's own Headers from the others. Google sends seconds, never a date. */
function retryAfterHeader(headers: unknown): number | null {
  if (!isRecord(headers)) return null;
  const { get } = headers;
  const value =
    typeof get === "function" ? get.call(headers, "retry-after") : headers["retry-after"];
  const seconds = Number.parseFloat(textOf(value) ?? "");
  return Number.isFinite(seconds) ? seconds * 1000 : null;
}
