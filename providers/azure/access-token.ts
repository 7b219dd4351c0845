import type {
  ClientSecretCredentialOptions,
  GetTokenOptions,
  TokenCredential,
} from "@azure/identity";
import type { AzureCredential } from "../credential.ts";
import { ProviderError } from "../errors.ts";
import { attemptTimeoutPolicy, type Patience } from "./call-policies.ts";
import { answerError, codeOfBody, translateError } from "./errors.ts";
import { retryAfterMs } from "./retry-after.ts";

const operation = "entra:GetToken";

type AdditionalPolicy = NonNullable<ClientSecretCredentialOptions["additionalPolicies"]>[number];
type AbortSignalLike = NonNullable<GetTokenOptions["abortSignal"]>;

/** Where tokens are minted. */
export interface Authority {
  /** https origin; the public cloud's if undefined. */
  host: string | undefined;
  tlsOptions: { ca?: string };
}

/** What went wrong at the last answer of the authority; null after a good one. */
interface FailureLog {
  last: ProviderError | null;
}

/**
 * Opens a source of tokens for the credential. It caches its token; a new source caches nothing. `getToken` throws a
 * ProviderError on trouble with the authority. No call is made before the first `getToken`.
 */
export async function openTokenSource(
  { tenantId, clientId, clientSecret }: AzureCredential,
  { host, tlsOptions }: Authority,
  patience: Patience,
): Promise<TokenCredential> {
  const { ClientSecretCredential } = await import("@azure/identity");
  const failures: FailureLog = { last: null };
  const source = new ClientSecretCredential(tenantId, clientId, clientSecret, {
    // MSAL would ask the public login host whether it knows a private authority.
    ...(host !== undefined && { authorityHost: host, disableInstanceDiscovery: true }),
    tlsOptions,
    retryOptions: {
      maxRetries: patience.maxRetries,
      retryDelayInMs: patience.retryDelayMs,
      maxRetryDelayInMs: patience.maxRetryDelayMs,
    },
    additionalPolicies: [
      failurePolicy(failures, patience.longestWaitMs),
      attemptTimeoutPolicy(patience.attemptTimeoutMs),
    ],
  });
  return {
    async getToken(scopes, options) {
      try {
        return await untilAborted(source.getToken(scopes, options), options?.abortSignal);
      } catch (error) {
        throw failures.last ?? answerError({ status: null, nativeCode: null }, operation, error);
      }
    },
  };
}

/**
 * Remembers what the authority answered: MSAL drops the status and headers of the token call, and everything about
 * a refused discovery document (an unknown tenant looks to its caller like an unreachable host).
 */
function failurePolicy(failures: FailureLog, longestWaitMs: number): AdditionalPolicy {
  return {
    position: "perRetry",
    policy: {
      name: "failurePolicy",
      async sendRequest(request, next) {
        const response = await next(request).catch((error: unknown) => {
          const translated = translateError(error, operation);
          failures.last = translated instanceof ProviderError ? translated : null;
          throw error;
        });
        failures.last = null;
        const { status, headers, bodyAsText } = response;
        if (status < 400) return response;
        const nativeCode = codeOfBody(bodyAsText);
        failures.last = answerError({ status, nativeCode, headers }, operation);
        // The packages would obey Retry-After without an upper bound; throwing ends their attempts.
        if ((retryAfterMs(headers) ?? 0) > longestWaitMs) throw failures.last;
        return response;
      },
    },
  };
}

/** `ClientSecretCredential` does not heed the signal of its caller. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignalLike | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(new Error("The caller does not wait any longer"));
    signal.addEventListener("abort", abort);
    const forget = () => signal.removeEventListener("abort", abort);
    work.then(resolve, reject).finally(forget).catch(reject);
  });
}
