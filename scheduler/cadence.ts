import { setTimeout as delay } from "node:timers/promises";
import { schedule } from "node-cron";
import type { Logger } from "../runtime/log.ts";
import type { ScheduledQueue } from "./fan-out.ts";
import type { Slot } from "./slots.ts";

export interface Cadence {
  /** No further slot starts; resolves when the current one has ended or `graceMs` are over. */
  stop(graceMs: number): Promise<void>;
}

export interface CadenceOptions {
  name: ScheduledQueue;
  /** A cron expression, in UTC. */
  expression: string;
  /** Enqueues the jobs of a slot and returns how many are due; may be repeated for the same slot. */
  enqueue: (slot: Slot) => Promise<number>;
  log: Logger;
  /** How long to wait before a slot that failed is tried again. */
  retryMs?: number;
}

/** Runs every slot of a schedule. Failures are logged and the slot is tried again until the next one comes. */
export function startCadence(options: CadenceOptions): Cadence {
  const { name, expression, log } = options;
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  const task = schedule(
    expression,
    async ({ date, task: self }) => {
      const next = self?.getNextRuns(2).find((run) => run > date);
      if (!next) return;
      running = runSlot(options, { at: date, next }, stopping.signal);
      await running;
    },
    {
      name,
      timezone: "UTC",
      noOverlap: true,
      // A replica that was stopped or busy still does its current slot: the job ids make that harmless.
      missedExecutionTolerance: Number.MAX_SAFE_INTEGER,
      logger: nodeCronLogger(log.child({ queue: name })),
    },
  );
  const stop = async (graceMs: number): Promise<void> => {
    stopping.abort();
    await task.destroy();
    await Promise.race([running, delay(graceMs, undefined, { ref: false })]);
  };
  return { stop };
}

async function runSlot(
  { name, enqueue, log, retryMs = 15_000 }: CadenceOptions,
  slot: Slot,
  stopping: AbortSignal,
): Promise<void> {
  const facts = { queue: name, slot: slot.at.toISOString() };
  while (!stopping.aborted) {
    try {
      const started = performance.now();
      const due = await enqueue(slot);
      log.info({ ...facts, due, duration_ms: Math.round(performance.now() - started) }, "enqueued");
      return;
    } catch (error) {
      const mayRetry = Date.now() + retryMs < slot.next.getTime();
      log.error({ ...facts, err: error, retry_ms: mayRetry ? retryMs : null }, "cannot enqueue");
      if (!mayRetry) return;
    }
    await delay(retryMs, undefined, { signal: stopping }).catch(() => {});
  }
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
