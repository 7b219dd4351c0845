import { setTimeout as delay } from "node:timers/promises";
import { schedule } from "node-cron";
import type { Logger } from "../runtime/log.ts";

export interface Ticker {
  /** The work does not start again; resolves when it has ended or `graceMs` are over. */
  stop(graceMs: number): Promise<void>;
}

export interface TickerOptions {
  /** Says whether all went well; it is tried again in any case. */
  work: () => Promise<boolean>;
  log: Logger;
  /** How long to wait after work that failed. */
  pauseMs?: number;
}

/** Does some work every second, never twice at a time. What it throws is logged. */
export function startTicker({ work, log, pauseMs = 2_000 }: TickerOptions): Ticker {
  let running: Promise<void> | null = null;
  let pauseUntil = 0;
  const run = async (): Promise<void> => {
    const isDone = await work().catch((error: unknown) => {
      log.error({ err: error }, "cannot run schedules");
      return false;
    });
    if (!isDone) pauseUntil = performance.now() + pauseMs;
    running = null;
  };
  const tick = (): void => {
    if (running || performance.now() < pauseUntil) return;
    running = run();
  };
  const options = { timezone: "UTC", suppressMissedWarning: true, logger: nodeCronLogger(log) };
  const task = schedule("* * * * * *", tick, options);
  const stop = async (graceMs: number): Promise<void> => {
    await task.destroy();
    await Promise.race([running, delay(graceMs, undefined, { ref: false })]);
  };
  return { stop };
}

/** node-cron writes to the console otherwise. */
function nodeCronLogger(log: Logger) {
  return {
    info: (message: string) => log.info(message),
    warn: (message: string) => log.warn(message),
    error: (message: string | Error) => log.error(message),
    debug: (message: string | Error) => log.debug(message),
  };
}
