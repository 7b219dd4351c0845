import { ProviderError } from "../errors.ts";
import { type CodeMeaning, codeMeanings, meaningOfStatus } from "./error-codes.ts";
import { type AnswerHeaders, retryAfterMs } from "./retry-after.ts";

/** What an answer of Azure says about a failure. */
export interface FailedAnswer {
  /** HTTP status; null when the answer could not be read. */
  status: number | null;
  /** `error.code` of the body, `AADSTS…` of the authority, or the code of a system error. */
  nativeCode: string | null;
  headers?: AnswerHeaders | undefined;
}

/**
 * Makes a failed call or answer into a ProviderError. The text is our own: Azure's messages name tenants, clients,
 * subscriptions, trace ids and times, which must not be stored and would make every occurrence look new.
 */
export function answerError(
  answer: FailedAnswer,
  operation: string,
  cause?: unknown,
): ProviderError {
  const nativeCode = shortCode(answer.nativeCode);
  const { code, text } = meaningOf(answer.status, nativeCode);
  const waitMs = answer.headers === undefined ? undefined : retryAfterMs(answer.headers);
  const named = nativeCode === null ? "" : ` (${nativeCode})`;
  return new ProviderError(code, `Azure ${operation}: ${text}${named}`, {
    provider: "azure",
    nativeCode,
    operation,
    ...(waitMs !== undefined && { retryAfterMs: waitMs }),
    cause,
  });
}

/**
 * Translates what an Azure package threw. A ProviderError passes unchanged; what is no trouble with the cloud (a
 * mistake of ours) is returned as it is, so that it is not blamed on Azure.
 */
export function translateError(error: unknown, operation: string): unknown {
  if (error instanceof ProviderError || !(error instanceof Error)) return error;
  if (error.name === "AbortError" || error.name === "TimeoutError") {
    return answerError({ status: null, nativeCode: "TIMEOUT" }, operation, error);
  }
  if (!isRestError(error)) return error;
  const { code, statusCode, response } = error;
  const status = response?.status ?? statusCode ?? null;
  const nativeCode = code ?? codeOfBody(response?.bodyAsText);
  return answerError({ status, nativeCode, headers: response?.headers }, operation, error);
}

/**
 * Runs one call to Azure: rethrows `signal.reason` once the signal has aborted, otherwise a translated error.
 */
export async function callAzure<T>(
  operation: string,
  signal: AbortSignal,
  call: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  try {
    return await call();
  } catch (error) {
    signal.throwIfAborted();
    throw translateError(error, operation);
  }
}

/** The code in the JSON body of an error answer of Resource Manager or of the authority; null if it has none. */
export function codeOfBody(body: string | null | undefined): string | null {
  const aadsts = /AADSTS\d+/.exec(body ?? "")?.[0];
  if (aadsts !== undefined) return aadsts;
  return /"code"\s*:\s*"([^"]+)"/.exec(body ?? "")?.[1] ?? null;
}

function meaningOf(status: number | null, nativeCode: string | null): CodeMeaning {
  const known = nativeCode === null ? undefined : codeMeanings[nativeCode];
  if (known !== undefined) return known;
  if (isUntrustedCertificate(nativeCode))
    return { code: "INVALID_REQUEST", text: "the endpoint's certificate is not trusted" };
  // A body that cannot be parsed keeps the good status of its head.
  if (status === null || status < 400)
    return { code: "PROVIDER_UNAVAILABLE", text: "it gave no usable answer" };
  if (nativeCode?.startsWith("AADSTS") && status < 429)
    return { code: "CREDENTIAL_REJECTED", text: "the authority refuses the credential" };
  return meaningOfStatus(status);
}

function isUntrustedCertificate(nativeCode: string | null): boolean {
  return nativeCode !== null && /^(ERR_TLS_|CERT_|.*_(CERT|SIGNATURE)(_|$))/.test(nativeCode);
}

function shortCode(code: string | null): string | null {
  return code !== null && /^[\w.]{1,80}$/.test(code) ? code : null;
}

/** The fields of `RestError` that we read; its class is not exported by the packages that throw it. */
interface RestError extends Error {
  code?: string;
  statusCode?: number;
  response?: { status: number; headers: AnswerHeaders; bodyAsText?: string | null };
}

function isRestError(error: Error): error is RestError {
  return error.name === "RestError";
}
