import type { Response } from "express";
import { breakConnection, type Effect } from "../faults.ts";

/** Who asked for what, as the texts of Azure's errors name it. */
export interface Asker {
  clientId: string;
  action: string;
  scope: string;
}

/** Answers as Azure Resource Manager words its errors. */
export function answerArmError(
  response: Response,
  status: number,
  code: string,
  message: string,
): void {
  response.status(status).json({ error: { code, message } });
}

/** As Azure words a refusal by its access control. */
export function answerDenied(response: Response, { clientId, action, scope }: Asker): void {
  const text = `The client '${clientId}' with object id '${clientId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`;
  answerArmError(response, 403, "AuthorizationFailed", text);
}

/**
 * Renders an effect that replaces the whole answer of Resource Manager. Returns false for those that only change a
 * page, and for none.
 */
export function renderArmEffect(effect: Effect | null, response: Response, asker: Asker): boolean {
  if (effect === null || breakConnection(effect, response)) return effect !== null;
  if (effect.kind === "deny") {
    answerDenied(response, asker);
    return true;
  }
  if (effect.kind === "throttle") {
    setRetryAfter(response, effect.retryAfterSeconds);
    const status = effect.status ?? 429;
    const code = status === 503 ? "ServerBusy" : "SubscriptionRequestsThrottled";
    const text = `Number of requests for '${asker.scope}' exceeded the limit. Please try again later.`;
    answerArmError(response, status, code, text);
    return true;
  }
  if (effect.kind === "error") {
    const code = effect.code ?? codeOfStatus(effect.status);
    answerArmError(response, effect.status, code, `The request to ${asker.scope} failed.`);
    return true;
  }
  return false;
}

/** The same for the authority, which words its errors after OAuth 2. */
export function renderAuthorityEffect(effect: Effect | null, response: Response): boolean {
  if (effect === null || breakConnection(effect, response)) return effect !== null;
  if (effect.kind === "throttle") {
    setRetryAfter(response, effect.retryAfterSeconds);
    const text = "AADSTS90055: There are too many incoming requests.";
    answerAuthorityError(response, effect.status ?? 429, "temporarily_unavailable", text);
    return true;
  }
  if (effect.kind === "deny") {
    const text = "AADSTS53003: Access has been blocked by Conditional Access policies.";
    answerAuthorityError(response, 400, "access_denied", text);
    return true;
  }
  if (effect.kind === "error") {
    const code = effect.code ?? "AADSTS90033";
    const text = `${code}: A transient error has occurred. Please try again.`;
    answerAuthorityError(response, effect.status, "server_error", text);
    return true;
  }
  return false;
}

/** `description` begins with the AADSTS code; trace ids and the time follow it, as the real authority does it. */
export function answerAuthorityError(
  response: Response,
  status: number,
  error: string,
  description: string,
): void {
  const trace = "0a1b2c3d-1111-2222-3333-444455556666";
  const timestamp = new Date().toISOString().replace("T", " ").replace(/\..*/, "Z");
  const number = Number(/AADSTS(\d+)/.exec(description)?.[1] ?? 0);
  response.status(status).json({
    error,
    error_description: `${description} Trace ID: ${trace} Correlation ID: ${trace} Timestamp: ${timestamp}`,
    error_codes: [number],
    timestamp,
    trace_id: trace,
    correlation_id: trace,
  });
}

function setRetryAfter(response: Response, seconds: number | undefined): void {
  if (seconds !== undefined) response.set("Retry-After", String(seconds));
}

function codeOfStatus(status: number): string {
  if (status === 401) return "InvalidAuthenticationToken";
  if (status === 404) return "ResourceNotFound";
  if (status === 503) return "ServiceUnavailable";
  return status >= 500 ? "InternalServerError" : "BadRequest";
}
