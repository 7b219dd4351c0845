import { setTimeout as delay } from "node:timers/promises";
import { LocalServerError, type SupervisedProcess } from "./supervised-process.ts";

const pollEveryMs = 50;

/**
 * Waits until `probe` succeeds. Throws LocalServerError with the server's own last words when it ended
 * first or did not answer in time.
 */
export async function waitUntilReady(
  name: string,
  server: SupervisedProcess,
  probe: () => Promise<void>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (server.isRunning()) {
    try {
      await probe();
      return;
    } catch (error) {
      if (performance.now() > deadline) {
        const tail = await server.logTail();
        throw new LocalServerError(
          `${name} did not answer in ${timeoutMs} ms: ${String(error)}`,
          tail,
        );
      }
    }
    await delay(pollEveryMs);
  }
  throw new LocalServerError(`${name} ended while starting`, await server.logTail());
}
