import { type Command, CommanderError } from "commander";
import type { QueueName } from "../queues/contract.ts";
import { type CommonOptions, command } from "./options.ts";
import { NegativeResult, print, UsageError } from "./output.ts";

/** What came of the demo. */
export interface DemoReport {
  queues: Record<QueueName, { completed: number; failed: number; rows: number; seconds: number }>;
  /** Jobs that failed though they should not have, one line each. */
  problems: string[];
  /** For people. */
  text: string;
}

/** Runs the demo until it is over, or until the signal when it stays up. It lies in `local/`, beyond what is installed. */
export type RunDemo = (options: {
  /** End when all jobs have run. */
  isOnce: boolean;
  /** Where progress is shown. */
  screen: NodeJS.WriteStream;
  signal: AbortSignal;
  /** Called when all jobs have run. */
  onReport: (report: DemoReport) => void;
}) => Promise<void>;

interface DemoOptions extends CommonOptions {
  once?: boolean;
  json?: boolean;
}

/** `multicloud demo`: the whole pipeline on one machine without accounts. */
export function demoCommand(): Command {
  return command("demo", "Run all four kinds of jobs on this machine, without any account")
    .option("--once", "end when all jobs have run, instead of staying up with the dashboard")
    .option("--json", "the same as --output json")
    .action(demo);
}

async function demo({ once, json, output }: DemoOptions): Promise<void> {
  const runDemo = await loadDemo();
  const interrupted = new AbortController();
  let firstAt = Number.POSITIVE_INFINITY;
  const stop = (name: NodeJS.Signals): void => {
    // Whoever asks again does not want to wait; what was started ends with us.
    if (performance.now() - firstAt > relayedWithinMs) process.exit(exitCodes[name]);
    firstAt = Math.min(firstAt, performance.now());
    interrupted.abort(new CommanderError(exitCodes[name] ?? 1, "demo.interrupted", "interrupted"));
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  let isReported = false;
  let problems: string[] = [];
  const { signal } = interrupted;
  const onReport = (report: DemoReport): void => {
    isReported = true;
    problems = report.problems;
    print(json ? "json" : output, { queues: report.queues }, report.text);
    for (const problem of problems) process.stderr.write(`${problem}\n`);
  };
  try {
    await runDemo({ isOnce: once ?? false, screen: process.stderr, signal, onReport });
  } catch (error) {
    if (!signal.aborted) throw error;
    // Once everything has run, Ctrl-C is how the demo is meant to end.
    if (!isReported) throw signal.reason;
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
  if (problems.length > 0) throw new NegativeResult("jobs failed");
}

/** npm passes on a Ctrl-C that the terminal has sent to us too: within this time it is the same one. */
const relayedWithinMs = 1_000;

/** 128 + the number of the signal, as shells report it. */
const exitCodes: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 130, SIGTERM: 143 };

async function loadDemo(): Promise<RunDemo> {
  // Not a literal: the compiler would take the simulations into what is installed.
  const path = new URL("../local/demo.ts", import.meta.url).href;
  try {
    const module: { runDemo: RunDemo } = await import(path);
    return module.runDemo;
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    if (code !== "ERR_MODULE_NOT_FOUND") throw error;
    const how = "git clone the project, npm install, npm run demo";
    throw new UsageError(`the demo needs a checkout with its development packages: ${how}`);
  }
}
