import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "../../local/free-port.ts";
import { findRedisServer } from "../../local/redis-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { until } from "./until.ts";

/** A Redis of its own that is killed and comes back on the same port with what its append-only file holds. */
export interface KillableRedis {
  url: string;
  port: number;
  /** Resolves when it answers. */
  start(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export async function killableRedis(): Promise<KillableRedis> {
  const folder = await temporaryFolder();
  const server = await findRedisServer({
    folder: join(import.meta.dirname, "../../.local/redis"),
    PATH: process.env["PATH"] ?? "",
    isRoot: process.getuid?.() === 0,
  });
  if (server.kind !== "binary") throw new Error("needs a redis-server binary to kill");
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  const onExit = (): void => void child?.kill("SIGKILL");
  process.once("exit", onExit);
  const start = async (): Promise<void> => {
    const place = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder.path];
    const keep = ["--save", "", "--appendonly", "yes", "--maxmemory-policy", "noeviction"];
    child = spawn(server.path, [...place, ...keep], { stdio: "ignore" });
    await until(async () => answers(url), { timeoutMs: 10_000, what: "Redis answers" });
  };
  await start();
  const close = async (): Promise<void> => {
    await kill();
    process.off("exit", onExit);
    await folder.remove();
  };
  return { url, port, start, kill, close };
}

async function answers(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  redis.on("error", () => {});
  try {
    await redis.connect();
    return (await redis.ping()) === "PONG";
  } finally {
    redis.disconnect();
  }
}
