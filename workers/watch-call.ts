import { ProviderError, type ProviderErrorCode } from "../providers/errors.ts";
import { TerraformError } from "../terraform/errors.ts";
import type { Pass } from "./circuit-breaker.ts";

/** Makes a call, or a whole run of terraform, and tells the circuit breaker whether the provider answered. */
export async function watch<T>(pass: Pass, call: () => Promise<T>): Promise<T> {
  try {
    const result = await call();
    await pass.answered();
    return result;
  } catch (error) {
    await tell(pass, error);
    throw error;
  }
}

/** Tells the circuit breaker what an error says of the provider, if anything. */
export async function tell(pass: Pass, error: unknown): Promise<void> {
  const found = findingOf(error);
  if (found !== "nothing") await pass[found]();
}

/** Errors that are found before the provider is called. */
const beforeTheCall = new Set<ProviderErrorCode>(["CREDENTIAL_INCOMPLETE", "INVALID_REQUEST"]);

/**
 * What an error says of the provider. One that refuses or throttles is there. An abort says nothing, unless the call's
 * own time limit is its reason, and neither does a name that does not exist: it is made of the region a tenant gave.
 */
export function findingOf(error: unknown): "answered" | "failed" | "nothing" {
  if (error instanceof TerraformError) return error.finding;
  if (isUnknownName(error)) return "nothing";
  if (error instanceof Error && error.name === "TimeoutError") return "failed";
  if (!(error instanceof ProviderError) || beforeTheCall.has(error.code)) return "nothing";
  return error.code === "PROVIDER_UNAVAILABLE" ? "failed" : "answered";
}

/** DNS answered that there is no such name. No answer from DNS is `EAI_AGAIN`. */
function isUnknownName(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const codes: unknown[] = [Reflect.get(error, "code"), Reflect.get(error, "nativeCode")];
  return codes.includes("ENOTFOUND") || isUnknownName(error.cause);
}
