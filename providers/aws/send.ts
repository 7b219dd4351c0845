import { toProviderError } from "./errors.ts";

/** What every SDK call accepts as its last argument. */
export interface SendOptions {
  abortSignal: AbortSignal;
}

/**
 * Makes one SDK call. Throws `ProviderError` when it fails and `signal.reason` at once when the signal aborts: the
 * SDK itself would first sit out its backoff between two attempts, up to 25 s.
 */
export async function send<Answer>(
  operation: string,
  signal: AbortSignal,
  call: (options: SendOptions) => Promise<Answer>,
): Promise<Answer> {
  signal.throwIfAborted();
  // Node warns of a leak at the 11th listener of one derived signal; many calls share that of their job.
  const abortSignal = AbortSignal.any([signal]);
  try {
    return await unlessAborted(abortSignal, call({ abortSignal }));
  } catch (error) {
    signal.throwIfAborted();
    throw toProviderError(error, operation);
  }
}

function unlessAborted<Answer>(signal: AbortSignal, answer: Promise<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
