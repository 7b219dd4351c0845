import type { CloudCredential } from "../providers/credential.ts";
import type { OpenProvider } from "../providers/provider.ts";
import type { CircuitBreaker, EnterCircuit, Pass } from "./circuit-breaker.ts";
import { checkTimeoutMs } from "./health-check.ts";
import { findingOf, watch } from "./watch-call.ts";

/**
 * Admits runs of programs. While the circuit is half-open the run does not try by itself: it may take an hour, and all
 * jobs would wait for its end. A health check with its credential decides before it begins.
 */
export function circuitEntrance(open: OpenProvider, breaker: CircuitBreaker): EnterCircuit {
  return async (credential, signal) => {
    const pass = await breaker.enter(credential.provider);
    if (!pass.isCanary) return pass;
    await check(open, credential, pass, signal);
    return breaker.enter(credential.provider);
  };
}

async function check(
  open: OpenProvider,
  credential: CloudCredential,
  pass: Pass,
  signal: AbortSignal,
): Promise<void> {
  try {
    const provider = await open(credential);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(checkTimeoutMs)]);
    await watch(pass, async () => provider.checkHealth(limit)).finally(() => provider.close());
  } catch (error) {
    signal.throwIfAborted();
    if (findingOf(error) === "nothing") throw error;
  } finally {
    await pass.leave();
  }
}
