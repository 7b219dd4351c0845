import { join } from "node:path";
import { startPostgres } from "../../local/postgres.ts";
import { startRedis } from "../../local/redis.ts";
import { serverFolder } from "./temporary-folder.ts";

/**
 * Mocha loads this file first (.mocharc.json), then the test files, then runs the set-up below without a time
 * limit. A service that no loaded file wants is not started, so unit tests alone stay fast.
 */
const wanted = new Set<"postgres" | "redis">();
const cleanups: (() => Promise<void>)[] = [];
let postgres: string | undefined;
let redis: string | undefined;

/** Called at import by the support files that need a service. */
export function want(service: "postgres" | "redis"): void {
  wanted.add(service);
}

/** Runs once after all tests, last registered first, before the services stop. */
export function afterAllTests(cleanup: () => Promise<void>): void {
  cleanups.push(cleanup);
}

/** URL of a database whose owner may create others. */
export function postgresUrl(): string {
  if (postgres === undefined) throw new Error("PostgreSQL was not started: import database.ts");
  return postgres;
}

export function redisUrl(): string {
  if (redis === undefined) throw new Error("Redis was not started: import redis.ts");
  return redis;
}

export async function mochaGlobalSetup(): Promise<void> {
  await Promise.all([
    wanted.has("postgres") && setUpPostgres(),
    wanted.has("redis") && setUpRedis(),
  ]);
}

export async function mochaGlobalTeardown(): Promise<void> {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
}

async function setUpPostgres(): Promise<void> {
  postgres = process.env["DATABASE_URL"];
  if (postgres) return;
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
  postgres = server.url;
}

async function setUpRedis(): Promise<void> {
  redis = process.env["REDIS_URL"];
  if (redis) return;
  // Not below the temporary folder: a server built from source is kept for the next run.
  const folder = join(import.meta.dirname, "../../.local/redis");
  const server = await startRedis({ folder, temporary: true });
  cleanups.unshift(() => server.close());
  redis = server.url;
}
