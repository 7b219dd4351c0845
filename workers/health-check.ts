import type { CloudCredential } from "../providers/credential.ts";
import { ProviderError } from "../providers/errors.ts";
import type { OpenProvider } from "../providers/provider.ts";
import { redactText } from "../runtime/redact.ts";
import { lockProviderHealth, writeProviderHealth } from "../tables/provider-health.ts";
import { authoriseCredential } from "./authorise.ts";
import type { Handler } from "./handler.ts";
import { type Finding, nextHealth } from "./health-status.ts";

/**
 * The end of a check in any case, in milliseconds. The adapters bound each call more tightly (5 to 10 s), and minting a
 * token is a call of its own. SDKs are loaded before, when the provider is opened.
 */
export const checkTimeoutMs = 20_000;

/** What one check found, before it is weighed against those before it. */
interface Verdict {
  finding: Finding;
  responseTimeMs: number | null;
  errorMessage: string | null;
}

/**
 * Checks one credential with one fresh call and writes what came of it. A bad credential or a provider that does not
 * answer is a result, not a failure of the job.
 */
export const checkHealth: Handler<"health-check"> = async (dependencies, payload, signal) => {
  const credential = await authoriseCredential(dependencies, payload);
  const { openProvider } = dependencies;
  const { finding, responseTimeMs, errorMessage } = await judge(
    openProvider,
    credential.cloud,
    signal,
  );
  return dependencies.finish(async (manager) => {
    const owner = { userId: credential.userId, credentialId: credential.id };
    const before = await lockProviderHealth(manager, owner);
    const { status, unansweredChecks } = nextHealth(before, finding);
    const isRecovering = finding === "healthy" && status !== "healthy";
    const message = isRecovering ? recovering : errorMessage;
    const verdict = { status, responseTimeMs, errorMessage: message };
    const { provider } = credential;
    await writeProviderHealth(manager, { ...owner, provider, ...verdict, unansweredChecks });
    return { rows: 1, ...verdict };
  });
};

const recovering = "The provider answers again; one more good check makes it healthy";

/** Opens the provider, checks and closes it. Throws what says nothing of the credential. */
async function judge(
  open: OpenProvider,
  cloud: CloudCredential,
  signal: AbortSignal,
): Promise<Verdict> {
  try {
    const provider = await open(cloud);
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(checkTimeoutMs)]);
      const { responseTimeMs, degraded } = await provider.checkHealth(limit);
      const finding = degraded === null ? "healthy" : "degraded";
      return { finding, responseTimeMs: Math.round(responseTimeMs), errorMessage: degraded };
    } finally {
      provider.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProviderError) return judgeError(error);
    if (error instanceof Error && error.name === "TimeoutError") {
      const errorMessage = `PROVIDER_UNAVAILABLE: no answer within ${checkTimeoutMs / 1000} s`;
      return { finding: "unanswered", responseTimeMs: null, errorMessage };
    }
    throw error;
  }
}

/** Errors in which there is no answer of the provider whose time would say anything. */
const withoutAnswer = new Set(["PROVIDER_UNAVAILABLE", "CREDENTIAL_INCOMPLETE", "INVALID_REQUEST"]);
/** The account answers and the identity holds; only a right is missing or the provider is busy. */
const degrading = new Set(["PERMISSION_DENIED", "THROTTLED", "SERVICE_DISABLED", "CLOCK_SKEWED"]);

function judgeError(error: ProviderError): Verdict {
  const { code, answerMs } = error;
  const isAnswer = !withoutAnswer.has(code) && answerMs !== undefined;
  return {
    finding: findingOf(error),
    responseTimeMs: isAnswer ? Math.round(answerMs) : null,
    errorMessage: redactText(`${code}: ${error.message}`),
  };
}

function findingOf({ code }: ProviderError): Finding {
  if (code === "PROVIDER_UNAVAILABLE") return "unanswered";
  return degrading.has(code) ? "degraded" : "error";
}
