/** Something to close when the process ends, in the order it was opened; closed in reverse. */
export type Close = () => Promise<void> | void;

/**
 * Runs until SIGTERM or SIGINT, then closes everything in reverse order and ends the process with 0, or with 1 if
 * something could not be closed. A second signal ends the process at once with 130.
 */
export function closeOnSignal(closes: Close[], onError: (error: unknown) => void): void {
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) process.exit(130);
    stopping = true;
    process.exit(await closeAll(closes, onError));
  };
  process.on("SIGTERM", () => void stop());
  process.on("SIGINT", () => void stop());
}

/** Closes everything in reverse order, also when one of them fails; returns the exit code. */
export async function closeAll(
  closes: Close[],
  onError: (error: unknown) => void,
): Promise<number> {
  let code = 0;
  for (const close of closes.toReversed()) {
    try {
      await close();
    } catch (error) {
      code = 1;
      onError(error);
    }
  }
  return code;
}
