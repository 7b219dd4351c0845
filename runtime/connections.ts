import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { DataSource } from "typeorm";
import type { Config } from "./config.ts";
import { openDatabase } from "./database.ts";
import type { Logger } from "./log.ts";
import type { openRedis } from "./redis.ts";
import type { OpenParts } from "./shutdown.ts";

/** A process of ours that starts. */
export interface Role {
  name: "worker" | "scheduler" | "api";
  config: Config;
  log: Logger;
  open: OpenParts;
}

export interface ConnectionOptions {
  /** Connections to PostgreSQL at most. */
  poolSize: number;
  /** `openRedis` or `openImpatientRedis`. */
  openRedis: typeof openRedis;
}

export interface Connections {
  database: DataSource;
  redis: Redis;
}

/** How long connections may take to close: work that does not stop keeps its own, and the pool waits for it. */
const closeGraceMs = 2_000;

/**
 * Connects a process to PostgreSQL and, in the background, to Redis; lost connections are logged.
 * Throws ServerError when PostgreSQL cannot be reached or refuses.
 */
export async function openConnections(
  { name, config, log, open }: Role,
  options: ConnectionOptions,
): Promise<Connections> {
  const database = await openDatabase(config.DATABASE_URL, {
    poolSize: options.poolSize,
    applicationName: `multicloud-${name}`,
    onPoolError: (error) => log.warn({ err: error }, "lost a database connection"),
  });
  open.add(async () =>
    Promise.race([database.destroy(), delay(closeGraceMs, undefined, { ref: false })]),
  );
  const redis = options.openRedis(config.REDIS_URL, (error) =>
    log.warn({ err: error }, "Redis connection"),
  );
  open.add(() => redis.disconnect());
  return { database, redis };
}
