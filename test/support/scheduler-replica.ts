import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

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
  process.stdout.write(JSON.stringify({ clock: Date.now() }) + "\\n");`;

export interface ReplicaSettings {
  databaseUrl: string;
  redisUrl: string;
  prefix: string;
  /** How far its clock is ahead of the machine's, or behind if negative, in milliseconds. */
  skewMs: number;
}

/**
 * A scheduler in a process of its own, with a clock of its own; none of the default schedules is on. It ends with the
 * process that started it.
 */
export interface SchedulerReplica {
  skewMs: number;
  /** By how much its clock was seen to be ahead when it had started; null before. */
  clockAheadMs: number | null;
  /** The newest slot that it said it enqueued; empty before. */
  lastSlot: string;
  /** As an out-of-memory killer does. */
  kill(): Promise<void>;
  /** As an orchestrator does; resolves with its exit code. */
  stop(): Promise<number | null>;
}

export function startReplica(settings: ReplicaSettings): SchedulerReplica {
  const imports = ["--import=tsx", ...preload];
  const child = spawn(process.execPath, [...imports, "--input-type=module", "-e", program], {
    cwd: root,
    env: {
      PATH: process.env["PATH"],
      DATABASE_URL: settings.databaseUrl,
      REDIS_URL: settings.redisUrl,
      QUEUE_PREFIX: settings.prefix,
      SCHEDULE_SYNC: "off",
      SCHEDULE_COST_INGEST: "off",
      SCHEDULE_HEALTH_CHECK: "off",
      CLOCK_SKEW_MS: String(settings.skewMs),
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const replica: SchedulerReplica = {
    skewMs: settings.skewMs,
    clockAheadMs: null,
    lastSlot: "",
    kill: async () => {
      await end(child, "SIGKILL");
    },
    stop: async () => end(child, "SIGTERM"),
  };
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { clock, slot }: { clock?: number; slot?: string } = JSON.parse(line);
    if (clock !== undefined) replica.clockAheadMs = clock - Date.now();
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
