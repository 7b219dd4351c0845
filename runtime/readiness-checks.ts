import type { Redis } from "ioredis";
import type { DataSource } from "typeorm";
import { type Check, NotReadyError } from "./readiness.ts";

/** PostgreSQL answers. */
export function databaseCheck(database: DataSource): Check {
  return async () => {
    await database.query("SELECT 1");
  };
}

/** Every migration this program knows has run. Newer ones may have too: migrations only add while programs change over. */
export function migrationsCheck(database: DataSource): Check {
  return async () => {
    const [row]: { exists: boolean }[] = await database.query(
      "SELECT to_regclass('schema_migrations') IS NOT NULL AS exists",
    );
    const ran: { name: string }[] = row?.exists
      ? await database.query("SELECT name FROM schema_migrations")
      : [];
    const names = new Set(ran.map(({ name }) => name));
    const missing = database.migrations.filter(({ name }) => !names.has(name ?? "")).length;
    if (missing > 0) throw new NotReadyError(`${missing} migrations have not run`);
  };
}

/** Redis answers and would rather refuse a job than drop one: under any other policy it forgets jobs when it is full. */
export function redisCheck(redis: Redis): Check {
  return async () => {
    await redis.ping();
    const policy = /maxmemory_policy:(\S+)/.exec(await redis.info("memory"))?.[1] ?? "unknown";
    if (policy !== "noeviction") {
      throw new NotReadyError(`maxmemory-policy is ${policy}, must be noeviction`);
    }
  };
}
