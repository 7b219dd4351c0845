import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Client } from "pg";
import { startPostgres } from "../../local/postgres.ts";
import { startRedis } from "../../local/redis.ts";
import { serverFolder } from "./temporary-folder.ts";

/**
 * Mocha loads this file first (.mocharc.json), then the test files, then runs the set-up below without a time
 * limit. A service that no loaded file wants is not started, so unit tests alone stay fast. With `--parallel` the test
 * files are loaded by processes that mocha starts after the set-up: all services are started, and these variables tell
 * where.
 */
const wanted = new Set<"postgres" | "redis">();
const cleanups: (() => Promise<void>)[] = [];
const runVariable = "MULTICLOUD_TEST_RUN";
const postgresVariable = "MULTICLOUD_TEST_POSTGRES";
const redisVariable = "MULTICLOUD_TEST_REDIS";

/** Called at import by the support files that need a service. */
export function want(service: "postgres" | "redis"): void {
  wanted.add(service);
}

/** Runs once after all tests, last registered first, before the services stop. */
export function afterAllTests(cleanup: () => Promise<void>): void {
  cleanups.push(cleanup);
}

/** What the names of all databases of this run start with. */
export function databasePrefix(): string {
  return `test_${process.env[runVariable]}`;
}

/** URL of a database whose owner may create others. */
export function postgresUrl(): string {
  const url = process.env[postgresVariable];
  if (url === undefined) throw new Error("PostgreSQL was not started: import database.ts");
  return url;
}

export function redisUrl(): string {
  const url = process.env[redisVariable];
  if (url === undefined) throw new Error("Redis was not started: import redis.ts");
  return url;
}

/** Runs on the runner of the whole run. */
async function setUp(this: { isParallelMode(): boolean }): Promise<void> {
  const all = this.isParallelMode();
  process.env[runVariable] = randomBytes(4).toString("hex");
  const [postgres, redis] = await Promise.all([
    all || wanted.has("postgres") ? setUpPostgres() : undefined,
    all || wanted.has("redis") ? setUpRedis() : undefined,
  ]);
  if (postgres !== undefined) process.env[postgresVariable] = postgres;
  // Processes that mocha starts end without cleaning up after themselves.
  if (all) afterAllTests(dropDatabases);
  if (redis !== undefined) process.env[redisVariable] = redis;
}

export const mochaGlobalSetup = [setUp];

/** How long what a failed test has left open may keep the run from ending. */
const lingerMs = 5_000;

/** As `setUp`. A test that failed may not have closed what it opened; a run in which none failed has no such excuse. */
async function tearDown(this: { failures: number }): Promise<void> {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  if (this.failures > 0) setTimeout(() => process.exit(1), lingerMs).unref();
}

export const mochaGlobalTeardown = [tearDown];

async function dropDatabases(): Promise<void> {
  const client = new Client({ connectionString: postgresUrl() });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    "SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)",
    [databasePrefix()],
  );
  for (const { name } of rows) await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await client.end();
}

async function setUpPostgres(): Promise<string> {
  const given = process.env["DATABASE_URL"];
  if (given) return given;
  const folder = await serverFolder();
  const server = await startPostgres({
    folder: join(folder.path, "postgres"),
    temporary: true,
    fsync: false,
  });
  cleanups.unshift(async () => {
    await server.close();
    await folder.remove();
  });
  return server.url;
}

async function setUpRedis(): Promise<string> {
  const given = process.env["REDIS_URL"];
  if (given) return given;
  // Not below the temporary folder: a server built from source is kept for the next run.
  const folder = join(import.meta.dirname, "../../.local/redis");
  const server = await startRedis({ folder, temporary: true });
  cleanups.unshift(() => server.close());
  return server.url;
}
