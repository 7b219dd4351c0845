import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Redis } from "ioredis";
import { onFreePort } from "./free-port.ts";
import { findRedisServer, type RedisServer } from "./redis-server.ts";
import { type SupervisedProcess, startSupervised } from "./supervised-process.ts";
import { waitUntilReady } from "./wait-until-ready.ts";

export interface RedisOptions {
  /** Holds the log, the append-only file if there is one, and a server we had to get ourselves. */
  folder: string;
  /** Delete the data when the server ends, even if we are killed. */
  temporary?: boolean;
  /** Keep jobs over a restart. Default false: PostgreSQL is the truth, Redis is disposable. */
  appendOnly?: boolean;
  /** Told before something slow is tried: one sentence. */
  onNotice?: (text: string) => void;
}

export interface LocalRedis {
  url: string;
  close(): Promise<void>;
}

/**
 * Starts Redis on a free port of 127.0.0.1, with the eviction policy BullMQ needs. Throws RedisNotFoundError
 * when there is no server and none can be had, LocalServerError when it does not come up.
 */
export async function startRedis(options: RedisOptions): Promise<LocalRedis> {
  const { onNotice } = options;
  const folder = resolve(options.folder);
  const program = await findRedisServer({
    folder,
    PATH: process.env["PATH"] ?? "",
    isRoot: process.getuid?.() === 0,
    ...(onNotice === undefined ? {} : { onNotice }),
  });
  const data = join(folder, options.temporary === true ? `data-${process.pid}` : "data");
  return onFreePort((port) => startOn(port, options, program, data));
}

async function startOn(
  port: number,
  options: RedisOptions,
  program: RedisServer,
  data: string,
): Promise<LocalRedis> {
  await mkdir(data, { recursive: true });
  const server = startSupervised({
    ...commandOf(program, port, data, options.appendOnly ?? false),
    stopSignal: "TERM",
    logFile: join(data, "redis.log"),
    ...(options.temporary === true ? { removeAfter: data } : {}),
  });
  const url = `redis://127.0.0.1:${port}`;
  try {
    await waitUntilReady("Redis", server, () => ping(url));
  } catch (error) {
    await close(server, options, data);
    throw error;
  }
  return { url, close: () => close(server, options, data) };
}

function commandOf(program: RedisServer, port: number, data: string, appendOnly: boolean) {
  const args = ["--save", "", "--appendonly", appendOnly ? "yes" : "no"];
  args.push("--maxmemory-policy", "noeviction", "--daemonize", "no");
  if (program.kind === "binary") {
    args.push("--port", String(port), "--bind", "127.0.0.1", "--dir", data);
    return { command: program.path, args };
  }
  // Inside the container it must listen beyond loopback; Docker publishes it on our loopback only.
  args.push("--protected-mode", "no");
  const container = ["run", "--rm", "-p", `127.0.0.1:${port}:6379`, "-v", `${data}:/data`];
  return { command: "docker", args: [...container, program.image, "redis-server", ...args] };
}

async function ping(url: string): Promise<void> {
  const options = { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 };
  const connection = new Redis(url, options);
  // The failure of the ping itself is what counts.
  connection.on("error", () => {});
  try {
    await connection.connect();
    await connection.ping();
  } finally {
    connection.disconnect();
  }
}

async function close(
  server: SupervisedProcess,
  options: RedisOptions,
  data: string,
): Promise<void> {
  await server.stop();
  if (options.temporary === true) await rm(data, { recursive: true, force: true });
}
