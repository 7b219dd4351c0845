import type { Logger } from "./log.ts";

/** Closes one thing that a process has opened. */
export type Close = () => Promise<void> | void;

/** The process is to end while it still starts. Nobody's fault; whoever starts it goes no further. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
}

/** What a process has opened so far; closed last first when it ends. */
export class OpenParts {
  readonly #closes: Close[] = [];
  #isClosing = false;

  /**
   * To be called as soon as something is open. Throws StoppedError once closing has begun: what is added is closed with
   * the rest, and nothing more may be opened.
   */
  add(...closes: Close[]): void {
    this.#closes.push(...closes);
    if (this.#isClosing) throw new StoppedError("told to stop while starting");
  }

  /** Closes everything, last first, also when one of them fails. Returns the exit code: 1 if something failed. */
  async close(onError: (error: unknown) => void): Promise<number> {
    this.#isClosing = true;
    let code = 0;
    for (let close = this.#closes.pop(); close; close = this.#closes.pop()) {
      try {
        await close();
      } catch (error) {
        code = 1;
        onError(error);
      }
    }
    return code;
  }
}

/**
 * Starts a process and returns when it runs. From the first moment on, SIGTERM and SIGINT close what it has opened and
 * end the process with 0, or with 1 if something could not be closed; a second signal ends it at once with 130.
 * Throws what `start` throws, with everything closed that was opened.
 */
export async function runUntilSignal(
  log: Logger,
  start: (open: OpenParts) => Promise<unknown>,
): Promise<void> {
  const open = new OpenParts();
  const onError = (error: unknown): void => log.error({ err: error }, "cannot close");
  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) process.exit(130);
    isStopping = true;
    process.exit(await open.close(onError));
  };
  const onSignal = (): void => void stop();
  const signals = ["SIGTERM", "SIGINT"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    await start(open);
  } catch (error) {
    // Whatever a start comes to whose connections are closed under it, the process ends as it was told to.
    if (isStopping) return;
    for (const signal of signals) process.off(signal, onSignal);
    await open.close(onError);
    throw error;
  }
}
