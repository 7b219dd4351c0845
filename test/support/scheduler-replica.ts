import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import type { Places } from "./environment.ts";

const root = join(import.meta.dirname, "../..");
const preload = ["test/support/skewed-clock.ts", "local/end-with-parent.ts"].map(
  (path) => `--import=${pathToFileURL(join(root, path)).href}`,
);
const program = `
  import { readConfig } from "./runtime/config.ts";
  import { openLog } from "./runtime/log.ts";
  import { runUntilSignal } from "./runtime/shutdown.ts";
  import { startScheduler } from "./scheduler/main.ts";
  const config = readConfig(process.env, ["DATABASE_URL"]);
  const log = openLog("scheduler", "info");
  await runUntilSignal(log, async (open) => startScheduler(config, log, open));
  const clockAheadMs = Date.now() - (performance.timeOrigin + performance.now());
  process.stdout.write(JSON.stringify({ clockAheadMs }) + "\\n");`;

/**
 * A scheduler in a process of its own, with a clock of its own; none of the default schedules is on. It ends with the
 * process that started it.
 */
export interface SchedulerReplica {
  /** How far its clock is to be ahead of the machine's, or behind if negative, in milliseconds. */
  skewMs: number;
  /** By how much its clock was ahead of the machine's when it had started; null before. */
  clockAheadMs: number | null;
  /** The newest slot that it said it enqueued; empty before. */
  lastSlot: string;
  /** As an out-of-memory killer does. */
  kill(): Promise<void>;
  /** As an orchestrator does; resolves with its exit code. */
  stop(): Promise<number | null>;
}

export function startReplica(places: Places, skewMs: number): SchedulerReplica {
  const imports = ["--import=tsx", ...preload];
  const child = spawn(process.execPath, [...imports, "--input-type=module", "-e", program], {
    cwd: root,
    env: {
      PATH: process.env["PATH"],
      ...places,
      SCHEDULE_SYNC: "off",
      SCHEDULE_COST_INGEST: "off",
      SCHEDULE_HEALTH_CHECK: "off",
      CLOCK_SKEW_MS: String(skewMs),
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const replica: SchedulerReplica = {
    skewMs,
    clockAheadMs: null,
    lastSlot: "",
    kill: async () => {
      await end(child, "SIGKILL");
    },
    stop: async () => end(child, "SIGTERM"),
  };
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { clockAheadMs, slot }: { clockAheadMs?: number; slot?: string } = JSON.parse(line);
    if (clockAheadMs !== undefined) replica.clockAheadMs = clockAheadMs;
    if (slot !== undefined) replica.lastSlot = slot;
  });
  return replica;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = child.exitCode !== null || child.signalCode !== null;
  if (!ended) {
    child.kill(signal);
    await once(child, "exit");
  }
  return child.exitCode;
}
