import { ProviderError } from "./errors.ts";

/**
 * Makes a call and takes its time in milliseconds on the monotonic clock, also when the provider refuses it: then the
 * time is the error's `answerMs`. Loading an SDK belongs outside: it takes seconds in a new process.
 */
export async function timed<T>(call: () => Promise<T>): Promise<{ answer: T; answerMs: number }> {
  const startedAt = performance.now();
  try {
    const answer = await call();
    return { answer, answerMs: performance.now() - startedAt };
  } catch (error) {
    if (error instanceof ProviderError) error.answerMs = performance.now() - startedAt;
    throw error;
  }
}
