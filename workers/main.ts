import type { QueueName } from "../queues/contract.ts";
import type { Config } from "../runtime/config.ts";
import { openConnections, type Role } from "../runtime/connections.ts";
import { openHealth, serveHealth } from "../runtime/health.ts";
import type { Logger } from "../runtime/log.ts";
import { openRedis } from "../runtime/redis.ts";
import type { OpenParts } from "../runtime/shutdown.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { countJobs } from "./count-jobs.ts";
import { handlers } from "./handlers.ts";
import { concurrencyOf, openServices } from "./open-services.ts";
import { progressCheck } from "./progress-check.ts";
import { sweepAtStart } from "./terraform-sweep.ts";
import { startWorkers } from "./worker.ts";

/**
 * Starts a worker and returns when it takes jobs; whoever calls closes what it opens.
 * Throws for keys or endpoints that cannot be used, when PostgreSQL cannot be reached at start or the health port is
 * taken.
 */
export async function startWorkerProcess(
  config: Config,
  queues: readonly QueueName[],
  log: Logger,
  open: OpenParts,
): Promise<void> {
  const role: Role = { name: "worker", config, log, open };
  const poolSize = config.DATABASE_POOL_SIZE;
  const connections = await openConnections(role, { poolSize, openRedis });
  const { database, redis } = connections;
  const breaker = new CircuitBreaker(redis, {
    prefix: config.QUEUE_PREFIX,
    onOpen: (provider) => log.warn({ provider }, "circuit opened"),
  });
  const services = openServices(config, database, breaker);
  const health = openHealth(role, connections, {
    progress: progressCheck(redis, { prefix: config.QUEUE_PREFIX, queues }),
  });
  await serveHealth(role, health);
  if (queues.includes("terraform-apply")) await sweepAtStart(services, log);
  const workers = startWorkers(
    handlers,
    { ...services, log, counts: countJobs(health.registry, queues) },
    {
      connection: redis,
      prefix: config.QUEUE_PREFIX,
      queues,
      concurrency: concurrencyOf(config),
      drainMs: config.DRAIN_SECONDS * 1_000,
      userConcurrency: config.USER_CONCURRENCY,
    },
  );
  open.add(
    async () => workers.close(),
    () => health.readiness.drain(),
  );
  await workers.ready();
  log.info({ queues }, "worker takes jobs");
}
