import type { Connections, Role } from "./connections.ts";
import { type Health, startHealthServer } from "./health-server.ts";
import { openMetrics } from "./metrics.ts";
import { type Check, openReadiness } from "./readiness.ts";
import { databaseCheck, migrationsCheck, redisCheck } from "./readiness-checks.ts";

/** The health of a process that needs PostgreSQL and Redis, and what else `checks` look at. */
export function openHealth(
  { name }: Role,
  { database, redis }: Connections,
  checks: Record<string, Check> = {},
): Health {
  const readiness = openReadiness({
    database: databaseCheck(database),
    migrations: migrationsCheck(database),
    redis: redisCheck(redis),
    ...checks,
  });
  return { readiness, registry: openMetrics(name) };
}

/**
 * Serves health on the port that the configuration gives to orchestrators, if it gives one.
 * Throws the system's error when the port is taken.
 */
export async function serveHealth({ config, log, open }: Role, health: Health): Promise<void> {
  if (config.HEALTH_PORT === undefined) return;
  const address = { host: config.HEALTH_HOST, port: config.HEALTH_PORT };
  const server = await startHealthServer(address, health);
  open.add(async () => server.close());
  log.info({ url: server.url }, "health server listens");
}
