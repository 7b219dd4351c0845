import { setTimeout as delay } from "node:timers/promises";
import type { DataSource } from "typeorm";
import { type QueueName, queueNames } from "../../queues/contract.ts";
import { type Results, readResults } from "./ledger.ts";

/** Where progress is shown; a terminal is drawn over, anything else gets one line per change. */
export type Screen = Pick<NodeJS.WriteStream, "write"> & { isTTY?: boolean };

/** Jobs that are to come to an end, per queue; it may grow. */
export type Expected = Record<QueueName, number>;

const lookEveryMs = 200;

export interface FollowOptions {
  database: DataSource;
  expected: Expected;
  /** Puts the jobs in; settles when no more come. */
  work: Promise<void>;
  screen: Screen;
  signal: AbortSignal;
}

/**
 * Shows how far the jobs are until all that are expected have ended, and returns the last results. Throws what the work
 * throws, and the signal's reason.
 */
export async function follow(options: FollowOptions): Promise<Results> {
  const { database, expected, screen, signal } = options;
  const allIn = options.work.then(() => true);
  const shown = new Map<QueueName, string>();
  for (;;) {
    const mayEnd = await Promise.race([allIn, delay(lookEveryMs, false, { signal })]);
    const results = await readResults(database);
    // Until something is expected, what else is said would get between the lines.
    if (queueNames.some((name) => expected[name] > 0)) show(screen, shown, expected, results);
    const isOver = queueNames.every((name) => ended(results, name) >= expected[name]);
    if (mayEnd && isOver) return results;
    if (mayEnd) await delay(lookEveryMs, undefined, { signal });
  }
}

function ended(results: Results, name: QueueName): number {
  return results[name].completed + results[name].failed;
}

function show(
  screen: Screen,
  shown: Map<QueueName, string>,
  expected: Expected,
  results: Results,
): void {
  const isFirst = shown.size === 0;
  const lines: string[] = [];
  for (const name of queueNames) {
    const { failed, rows, seconds } = results[name];
    const done = `${ended(results, name)} of ${expected[name]} jobs${failed > 0 ? `, ${failed} failed` : ""}`;
    // A log gets a line when a job has ended, a terminal shows also what only grows.
    const hasNews = ended(results, name) > 0 && shown.get(name) !== done;
    if (screen.isTTY || hasNews) {
      lines.push(`  ${name.padEnd(16)} ${done}, ${rows} rows, ${seconds.toFixed(1)} s`);
    }
    shown.set(name, done);
  }
  if (lines.length === 0) return;
  // Back to the first of our lines, each of which is cleared before it is written anew.
  const back = screen.isTTY && !isFirst ? `\u001b[${queueNames.length}A` : "";
  const clear = screen.isTTY ? "\u001b[2K" : "";
  screen.write(`${back}${lines.map((line) => `${clear}${line}\n`).join("")}`);
}
