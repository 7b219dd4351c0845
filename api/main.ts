import { createServer } from "node:http";
import { closeQueues, openQueues } from "../queues/open-queues.ts";
import type { Config } from "../runtime/config.ts";
import { openConnections, type Role } from "../runtime/connections.ts";
import { openHealth, serveHealth } from "../runtime/health.ts";
import { listen } from "../runtime/health-server.ts";
import type { Logger } from "../runtime/log.ts";
import { openImpatientRedis } from "../runtime/redis.ts";
import type { OpenParts } from "../runtime/shutdown.ts";
import { cancelJobRuns } from "../tables/job-runs.ts";
import { makeApp } from "./app.ts";
import type { CancelJobs } from "./board-queue.ts";
import { addLedgerMetrics } from "./ledger-metrics.ts";
import { readLogins } from "./logins.ts";
import { addQueueMetrics } from "./queue-metrics.ts";

/**
 * Starts the api and returns where it listens, such as `http://127.0.0.1:3000`; whoever calls closes what it opens.
 * Throws ConfigError when it would be open to others without a login, and the system's error when PostgreSQL cannot be
 * reached at start or the port is taken.
 */
export async function startApi(config: Config, log: Logger, open: OpenParts): Promise<string> {
  const logins = readLogins(config);
  const role: Role = { name: "api", config, log, open };
  const connections = await openConnections(role, { poolSize: 4, openRedis: openImpatientRedis });
  const { database, redis } = connections;
  const queues = openQueues(redis, config.QUEUE_PREFIX, (error) =>
    log.warn({ err: error }, "Redis connection"),
  );
  open.add(async () => closeQueues(queues));
  const health = openHealth(role, connections);
  addQueueMetrics(health.registry, queues, redis);
  addLedgerMetrics(health.registry, database);
  const cancel: CancelJobs = async (queue, ids) => cancelJobRuns(database, queue, ids);
  const jobs = { database, token: config.API_TOKEN };
  const app = makeApp({ queues, cancel, jobs, health, logins, log });
  const address = { host: config.API_HOST, port: config.API_PORT };
  const server = await listen(createServer(app), address);
  open.add(async () => server.close());
  await serveHealth(role, health);
  open.add(() => health.readiness.drain());
  log.info({ url: server.url, login: !logins.isOpen }, "api listens");
  return server.url;
}
