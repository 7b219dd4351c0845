import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { DataSource } from "typeorm";
import { queueNames } from "../queues/contract.ts";
import { RawQueue } from "../queues/raw-queue.ts";
import type { Logger } from "../runtime/log.ts";
import { LockHeldError, withAdvisoryLock } from "../tables/advisory-lock.ts";
import { type Sweep, sweepQueue } from "./sweep-queue.ts";

export interface SweeperOptions {
  database: DataSource;
  redis: Redis;
  /** Key prefix of the queues in Redis. */
  prefix: string;
  /** Pause between two sweeps, in milliseconds. */
  everyMs: number;
  log: Logger;
}

export interface Sweeper {
  /** Ends after the place that is being looked at. */
  close(): Promise<void>;
}

/**
 * Keeps looking through the queues for what no worker can run: data that is not JSON, values pushed onto a list,
 * absurd options. Any number of replicas may run; one of them leads and the others wait to take over.
 */
export function startSweeper(options: SweeperOptions): Sweeper {
  const stop = new AbortController();
  const running = keepTrying(options, stop.signal);
  return {
    close: async () => {
      stop.abort();
      await running;
    },
  };
}

async function keepTrying(options: SweeperOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const { database } = options;
      await withAdvisoryLock(database, "sweeper", async (isHeld) => lead(options, signal, isHeld));
    } catch (error) {
      // PostgreSQL or Redis is away, or another replica leads.
      if (!(error instanceof LockHeldError)) options.log.warn({ err: error }, "sweep failed");
    }
    await pause(options.everyMs, signal);
  }
}

async function lead(
  options: SweeperOptions,
  signal: AbortSignal,
  isHeld: () => Promise<boolean>,
): Promise<void> {
  const sweeps = makeSweeps(options);
  while (!signal.aborted && (await isHeld())) {
    await sweepOnce(sweeps, signal);
    await pause(options.everyMs, signal);
  }
}

function makeSweeps({ database, redis, prefix, log }: SweeperOptions): Sweep[] {
  return queueNames.map((name) => {
    const queue = new RawQueue(redis, prefix, name);
    return { name, queue, database, log, cursor: new Map() };
  });
}

async function sweepOnce(sweeps: readonly Sweep[], signal: AbortSignal): Promise<number> {
  let rejected = 0;
  for (const sweep of sweeps) {
    if (signal.aborted) break;
    rejected += await sweepQueue(sweep);
  }
  return rejected;
}

/** Looks through every queue once, without asking who leads. Returns how many entries were taken out. */
export async function sweepQueues(options: SweeperOptions): Promise<number> {
  return sweepOnce(makeSweeps(options), new AbortController().signal);
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => {});
}
