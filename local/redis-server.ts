import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { access, constants, mkdir, rename, rm, symlink } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const installTimeoutMs = 300_000;
const image = "redis:7-alpine";

/** How to run a Redis server: a binary of this machine, or a container. */
export type RedisServer = { kind: "binary"; path: string } | { kind: "docker"; image: string };

export interface FindOptions {
  /** Where we may keep a server of our own. */
  folder: string;
  /** Commands are looked up here. */
  PATH: string;
  isRoot: boolean;
  /** Told before something slow is tried: one sentence. */
  onNotice?: (text: string) => void;
}

/** No Redis, and none could be had. The message names what was tried and what the user can do. */
export class RedisNotFoundError extends Error {
  override readonly name = "RedisNotFoundError";
  readonly tried: string[];

  constructor(tried: string[]) {
    super(
      "no Redis server: install one (apt-get install redis-server, brew install redis), " +
        "start Docker, or set REDIS_URL to a Redis 7 of your own. " +
        `Tried: ${tried.join("; ")}`,
    );
    this.tried = tried;
  }
}

interface Way {
  name: string;
  /** The server, or null when this way does not exist on this machine. Throws when it exists and fails. */
  find(options: FindOptions): Promise<RedisServer | null>;
}

const ways: Way[] = [
  { name: "redis-server on PATH", find: onPath },
  { name: "an earlier download", find: inFolder },
  { name: "apt-get", find: byApt },
  { name: "docker", find: byDocker },
  { name: "brew", find: byBrew },
  { name: "redis-memory-server", find: byDownload },
];

/** Finds a Redis server or gets one, by the cheapest way that works here. Throws RedisNotFoundError. */
export async function findRedisServer(options: FindOptions): Promise<RedisServer> {
  const tried: string[] = [];
  for (const way of ways) {
    try {
      const server = await way.find(options);
      if (server !== null) return server;
      tried.push(`${way.name}: not here`);
    } catch (error) {
      tried.push(`${way.name}: ${firstLine(error)}`);
    }
  }
  throw new RedisNotFoundError(tried);
}

async function onPath({ PATH }: FindOptions): Promise<RedisServer | null> {
  return asServer(await lookUp("redis-server", PATH));
}

async function inFolder({ folder }: FindOptions): Promise<RedisServer | null> {
  return asServer(await lookUp("redis-server", folder));
}

/**
 * Debian's `redis-server` package would start a system service. Its `redis-tools` holds the same binary without
 * one, named `redis-check-rdb`: the binary is a server when it is called `redis-server`.
 */
async function byApt(options: FindOptions): Promise<RedisServer | null> {
  const apt = await lookUp("apt-get", options.PATH);
  if (apt === null || !options.isRoot) return null;
  if ((await lookUp("redis-check-rdb", options.PATH)) === null) {
    options.onNotice?.("installing Redis by apt-get");
    const wait = ["-o", "DPkg::Lock::Timeout=120"];
    const env = { ...process.env, PATH: options.PATH, DEBIAN_FRONTEND: "noninteractive" };
    const limits = { env, timeout: installTimeoutMs };
    await run(apt, [...wait, "update"], limits);
    const install = ["install", "-y", "--no-install-recommends", "redis-tools"];
    await run(apt, [...wait, ...install], limits);
  }
  const binary = await lookUp("redis-check-rdb", options.PATH);
  if (binary === null) throw new Error("redis-tools came without redis-check-rdb");
  const path = join(options.folder, "redis-server");
  await mkdir(options.folder, { recursive: true });
  // Others may look for a server here at the same moment: the link is replaced in one step.
  const link = `${path}.${randomUUID()}`;
  await symlink(binary, link);
  await rename(link, path);
  const { stdout } = await run(path, ["--version"]);
  if (!stdout.startsWith("Redis server")) {
    await rm(path);
    throw new Error("redis-check-rdb is no server in this version of redis-tools");
  }
  return { kind: "binary", path };
}

async function byDocker(options: FindOptions): Promise<RedisServer | null> {
  const docker = await lookUp("docker", options.PATH);
  if (docker === null) return null;
  await run(docker, ["version"], { timeout: 10_000 });
  options.onNotice?.(`pulling ${image}`);
  await run(docker, ["pull", "-q", image], { timeout: installTimeoutMs });
  return { kind: "docker", image };
}

async function byBrew(options: FindOptions): Promise<RedisServer | null> {
  const brew = await lookUp("brew", options.PATH);
  if (brew === null) return null;
  options.onNotice?.("installing Redis by brew");
  await run(brew, ["install", "redis"], { timeout: installTimeoutMs });
  const { stdout } = await run(brew, ["--prefix", "redis"]);
  return asServer(await lookUp("redis-server", join(stdout.trim(), "bin")));
}

/** In a process of its own: it tells of its progress on standard output, where others read what we answer. */
const build = `
  const [, library, downloadDir] = process.argv;
  import(library)
    .then(({ RedisBinary }) => RedisBinary.getPath({ downloadDir }))
    .then((path) => console.log(path))
    .catch((error) => { console.error(error.message); process.exit(1); })`;

/** Builds Redis from its published source: slow, and it needs make and a C compiler. */
async function byDownload(options: FindOptions): Promise<RedisServer | null> {
  if ((await lookUp("make", options.PATH)) === null) throw new Error("needs make and a C compiler");
  options.onNotice?.("building Redis from source, this takes minutes");
  await mkdir(options.folder, { recursive: true });
  const library = import.meta.resolve("redis-memory-server");
  const args = ["-e", build, library, join(options.folder, "redis-binaries")];
  const env = { ...process.env, PATH: options.PATH };
  const { stdout } = await run(process.execPath, args, { env }).catch((error: unknown) => {
    throw new Error(lastLine(Reflect.get(Object(error), "stderr")), { cause: error });
  });
  return { kind: "binary", path: lastLine(stdout) };
}

function lastLine(text: unknown): string {
  return String(text).trim().split("\n").at(-1) ?? "";
}

function asServer(path: string | null): RedisServer | null {
  return path === null ? null : { kind: "binary", path };
}

async function lookUp(command: string, PATH: string): Promise<string | null> {
  for (const folder of PATH.split(delimiter).filter((entry) => entry !== "")) {
    const path = join(folder, command);
    const isExecutable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isExecutable) return path;
  }
  return null;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0] ?? text;
}
