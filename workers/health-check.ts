import { performance } from "node:perf_hooks";
import type { HealthStatus } from "../entities/provider-health.ts";
import { ProviderError } from "../providers/errors.ts";
import type { HealthObservation } from "../providers/provider.ts";
import { redactText } from "../runtime/redact.ts";
import { writeProviderHealth } from "../tables/provider-health.ts";
import { authoriseCredential } from "./authorise.ts";
import type { Handler } from "./handler.ts";

/**
 * The end of a check in any case, in milliseconds. The adapters bound each call more tightly (5 to 10 s); what comes on top
 * is loading an SDK for the first time and minting a token, which say nothing about the provider.
 */
export const checkTimeoutMs = 20_000;

interface Verdict {
  status: HealthStatus;
  responseTimeMs: number | null;
  errorMessage: string | null;
}

/**
 * Checks one credential with one fresh call and writes what came of it. A bad credential or a provider that does not
 * answer is a result, not a failure of the job.
 */
export const checkHealth: Handler<"health-check"> = async (dependencies, payload, signal) => {
  const credential = await authoriseCredential(dependencies, payload);
  const provider = await dependencies.openProvider(credential.cloud);
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(checkTimeoutMs)]);
    const verdict = await judge(async () => provider.checkHealth(limit), signal);
    return await dependencies.finish(async (manager) => {
      await writeProviderHealth(manager, {
        userId: credential.userId,
        credentialId: credential.id,
        provider: credential.provider,
        ...verdict,
      });
      return { rows: 1, ...verdict };
    });
  } finally {
    provider.close();
  }
};

async function judge(
  check: () => Promise<HealthObservation>,
  signal: AbortSignal,
): Promise<Verdict> {
  const startedAt = performance.now();
  try {
    const { responseTimeMs, degraded } = await check();
    const status = degraded === null ? "healthy" : "degraded";
    return { status, responseTimeMs: Math.round(responseTimeMs), errorMessage: degraded };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProviderError) return judgeError(error, performance.now() - startedAt);
    if (error instanceof Error && error.name === "TimeoutError") {
      const message = `PROVIDER_UNAVAILABLE: no answer within ${checkTimeoutMs / 1000} s`;
      return { status: "error", responseTimeMs: null, errorMessage: message };
    }
    throw error;
  }
}

/** Errors with which the provider itself answered: it is alive, so the time it took is real. */
const answered = new Set([
  "CREDENTIAL_REJECTED",
  "PERMISSION_DENIED",
  "THROTTLED",
  "ACCOUNT_UNUSABLE",
]);
/** The account answers and the identity holds; only a right is missing or the provider is busy. */
const degrading = new Set(["PERMISSION_DENIED", "THROTTLED", "SERVICE_DISABLED", "CLOCK_SKEWED"]);

function judgeError(error: ProviderError, elapsedMs: number): Verdict {
  return {
    status: degrading.has(error.code) ? "degraded" : "error",
    responseTimeMs: answered.has(error.code) ? Math.round(elapsedMs) : null,
    errorMessage: redactText(`${error.code}: ${error.message}`),
  };
}
