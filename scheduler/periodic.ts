import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "../runtime/log.ts";

export interface PeriodicOptions {
  /** What is done, for the log. */
  task: string;
  everyMs: number;
  /** Stops early, in a state that the next run can continue from, when the signal aborts. */
  work: (signal: AbortSignal) => Promise<void>;
  log: Logger;
}

export interface Periodic {
  /** Does the work now, or once more when it is being done. */
  wake: () => void;
  /** Starts nothing any more and resolves when the current run has ended. */
  close: () => Promise<void>;
}

/** The pause after a failure, in which calls of `wake` are not heeded. */
const pauseAfterFailureMs = 1_000;

/** Does something at once and then again and again, never twice at a time. Failures are logged and it goes on. */
export function startPeriodic({ task, everyMs, work, log }: PeriodicOptions): Periodic {
  const stopping = new AbortController();
  let isWoken = false;
  let nap = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      isWoken = false;
      nap = new AbortController();
      try {
        await work(stopping.signal);
      } catch (error) {
        log.error({ err: error, task }, "task failed; it is tried again");
        await rest(Math.min(pauseAfterFailureMs, everyMs), [stopping.signal]);
        continue;
      }
      if (!isWoken) await rest(everyMs, [stopping.signal, nap.signal]);
    }
  };
  const ended = run();
  return {
    wake: () => {
      isWoken = true;
      nap.abort();
    },
    close: async () => {
      stopping.abort();
      await ended;
    },
  };
}

async function rest(ms: number, signals: AbortSignal[]): Promise<void> {
  await delay(ms, undefined, { signal: AbortSignal.any(signals) }).catch(() => {});
}
