import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A line that a process logged. */
export interface LogLine {
  msg?: string;
  [field: string]: unknown;
}

/** One of our own processes, as an installation would run it. */
export interface OwnProcess {
  pid: number;
  /** What it logged so far, oldest first. */
  log: readonly LogLine[];
  /** Resolves at the first line that fits, also one of the past. Throws when the process ends first or it takes too long. */
  logged(fits: (line: LogLine) => boolean, timeoutMs?: number): Promise<LogLine>;
  /** SIGTERM, and SIGKILL if that does not end it in 30 s. Returns the exit code; null after a signal. Safe to call twice. */
  stop(): Promise<number | null>;
  /** SIGKILL, as when the machine takes it away. Resolves when it is gone. */
  kill(): Promise<void>;
}

/** A process of ours ended although nobody asked it to, or does not get ready; the message has its last words. */
export class OwnProcessError extends Error {
  override readonly name = "OwnProcessError";
}

const command = fileURLToPath(new URL("../cli/main.ts", import.meta.url));
const preload = [import.meta.resolve("tsx"), new URL("end-with-parent.ts", import.meta.url).href];
const readyTimeoutMs = 30_000;
const stopTimeoutMs = 30_000;
const linesInMessage = 10;

/**
 * Starts `multicloud` with these arguments and exactly this environment, in a session of its own, so that Ctrl-C in a
 * terminal reaches us first. It cannot outlive us.
 */
export function startProcess(
  args: readonly string[],
  environment: Record<string, string>,
): OwnProcess {
  const imports = preload.map((url) => `--import=${url}`);
  const child = spawn(process.execPath, [...imports, command, ...args], {
    detached: true,
    env: environment,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const name = `multicloud ${args.join(" ")}`;
  const log: LogLine[] = [];
  const words: string[] = [];
  const waiting = new Set<() => void>();
  const heard = (text: string): void => {
    words.push(text);
    log.push(parseLine(text));
    for (const look of waiting) look();
  };
  createInterface({ input: child.stdout }).on("line", heard);
  createInterface({ input: child.stderr }).on("line", heard);
  const exited = once(child, "close");
  let isOver = false;
  child.on("close", () => {
    isOver = true;
    for (const look of waiting) look();
  });
  child.stdin.on("error", () => {});
  const lastWords = () => words.slice(-linesInMessage).join("\n");
  return {
    pid: child.pid ?? 0,
    log,
    logged: async (fits, timeoutMs = readyTimeoutMs) =>
      new Promise((resolve, reject) => {
        const end = (): void => {
          clearTimeout(timer);
          waiting.delete(look);
        };
        const fail = (problem: string): void => {
          end();
          reject(new OwnProcessError(`${name} ${problem}\n${lastWords()}`));
        };
        const look = (): void => {
          const line = log.find(fits);
          if (line) {
            end();
            resolve(line);
          } else if (isOver) fail("ended too early");
        };
        const timer = setTimeout(() => fail(`was silent for ${timeoutMs} ms`), timeoutMs);
        waiting.add(look);
        look();
      }),
    stop: async () => stop(child, exited),
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Standard error and warnings of Node are no JSON. */
function parseLine(text: string): LogLine {
  try {
    const line: unknown = JSON.parse(text);
    if (typeof line === "object" && line !== null) return { ...line };
  } catch {
    // Kept as it is.
  }
  return { msg: text };
}

async function stop(child: ChildProcess, exited: Promise<unknown>): Promise<number | null> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
  await exited;
  clearTimeout(timer);
  return child.exitCode;
}
