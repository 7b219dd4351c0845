import type { OpenProvider, Provider } from "../providers/provider.ts";
import type { CircuitBreaker, Pass } from "./circuit-breaker.ts";
import { tell, watch } from "./watch-call.ts";

/**
 * Opens providers whose every call feeds the circuit breaker, whichever kind of job makes it. Opening throws
 * PostponeError while the provider's circuit is open.
 */
export function guardProviders(open: OpenProvider, breaker: CircuitBreaker): OpenProvider {
  return async (credential) => {
    const pass = await breaker.enter(credential.provider);
    try {
      return guard(await open(credential), pass);
    } catch (error) {
      await pass.leave();
      throw error;
    }
  };
}

function guard(provider: Provider, pass: Pass): Provider {
  const guarded: Provider = {
    name: provider.name,
    discover: async (signal) => watch(pass, async () => provider.discover(signal)),
    list: (scope, options) => watchPages(pass, provider.list(scope, options)),
    checkHealth: async (signal) => watch(pass, async () => provider.checkHealth(signal)),
    close: () => {
      provider.close();
      void pass.leave();
    },
  };
  // Whether a provider has costs is told by whether the method is there.
  if (!hasCosts(provider)) return guarded;
  return {
    ...guarded,
    costs: (window, signal) => watchPages(pass, provider.costs(window, signal)),
  };
}

function hasCosts(provider: Provider): provider is Required<Provider> {
  return "costs" in provider;
}

/** A stream answers once with its first page, however many follow; it may still fail after that. */
async function* watchPages<T>(pass: Pass, pages: AsyncIterable<T>): AsyncIterable<T> {
  let hasAnswered = false;
  try {
    for await (const page of pages) {
      if (!hasAnswered) await pass.answered();
      hasAnswered = true;
      yield page;
    }
  } catch (error) {
    await tell(pass, error);
    throw error;
  }
}
