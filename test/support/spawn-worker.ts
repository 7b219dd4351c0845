import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Places } from "./environment.ts";
import { until } from "./until.ts";

const script = join(import.meta.dirname, "worker-process.ts");
const root = join(import.meta.dirname, "../..");
/** A process that compiles as it loads, on a busy machine. */
const startTimeoutMs = 60_000;

export interface WorkerProcess {
  process: ChildProcess;
  /** Where it serves `/metrics`. */
  url: string;
  /** What it wrote, line by line; its log among it. */
  lines: string[];
  isRunning(): boolean;
  /** Resolves once a line contains the text. */
  says(text: string, timeoutMs?: number): Promise<void>;
  /** Kills it, if it still runs. */
  kill(): Promise<void>;
}

export interface WorkerSettings {
  /** Lock of a job in milliseconds; the stall check comes twice as often. The product's own if absent. */
  lockMs?: number;
  /** A blocking job stands still until this file exists. */
  unblock?: string;
}

/** Starts worker-process.ts and resolves when it takes jobs. */
export async function spawnWorker(
  places: Places,
  { lockMs, unblock = "" }: WorkerSettings = {},
): Promise<WorkerProcess> {
  const child = spawn(process.execPath, ["--import", "tsx", script], {
    cwd: root,
    env: {
      PATH: process.env["PATH"],
      ...places,
      LOCK_MS: lockMs === undefined ? "" : String(lockMs),
      UNBLOCK: unblock,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const killChild = (): void => void child.kill("SIGKILL");
  process.once("exit", killChild);
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => lines.push(line));
  }
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const says = async (text: string, timeoutMs = startTimeoutMs): Promise<void> => {
    const what = `the worker says ${text}; it said: ${lines.slice(-5).join(" | ")}`;
    await until(() => lines.some((line) => line.includes(text)), { timeoutMs, what });
  };
  const kill = async (): Promise<void> => {
    killChild();
    await ended;
    process.off("exit", killChild);
  };
  await says("ready http");
  const url = lines.find((line) => line.startsWith("ready "))?.slice("ready ".length) ?? "";
  return { process: child, url, lines, isRunning, says, kill };
}
