import { setTimeout as delay } from "node:timers/promises";
import type { Registry } from "prom-client";
import type { QueueName } from "../queues/contract.ts";
import type { Config } from "../runtime/config.ts";
import { openDatabase } from "../runtime/database.ts";
import { startHealthServer } from "../runtime/health-server.ts";
import type { Logger } from "../runtime/log.ts";
import { openMetrics } from "../runtime/metrics.ts";
import { openReadiness, type Readiness } from "../runtime/readiness.ts";
import { databaseCheck, migrationsCheck, redisCheck } from "../runtime/readiness-checks.ts";
import { openRedis } from "../runtime/redis.ts";
import { type Close, closeAll, closeOnSignal } from "../runtime/shutdown.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { countJobs } from "./count-jobs.ts";
import { guardProviders } from "./guard-provider.ts";
import { handlers } from "./handlers.ts";
import { concurrencyOf, openServices } from "./open-services.ts";
import { progressCheck } from "./progress-check.ts";
import { startWorkers } from "./worker.ts";

/** Starts a worker process and returns when it takes jobs; SIGTERM and SIGINT end the process with 0. */
export async function runWorker(
  config: Config,
  queues: readonly QueueName[],
  log: Logger,
): Promise<void> {
  const closes = await startWorkerProcess(config, queues, log);
  closeOnSignal(closes, (error) => log.error({ err: error }, "cannot close"));
}

/** Starts a worker without minding signals; whoever calls closes what is returned, last first. */
export async function startWorkerProcess(
  config: Config,
  queues: readonly QueueName[],
  log: Logger,
): Promise<Close[]> {
  const closes: Close[] = [];
  try {
    const database = await openDatabase(config.DATABASE_URL, {
      poolSize: config.DATABASE_POOL_SIZE,
      applicationName: "multicloud-worker",
      onPoolError: (error) => log.warn({ err: error }, "lost a database connection"),
    });
    // A job that does not stop keeps its connection, and the pool waits for it.
    closes.push(async () =>
      Promise.race([database.destroy(), delay(2_000, undefined, { ref: false })]),
    );
    const services = openServices(config, database);
    const redis = openRedis(config.REDIS_URL, (error) =>
      log.warn({ err: error }, "Redis connection"),
    );
    closes.push(() => redis.disconnect());
    const openProvider = guardProviders(
      services.openProvider,
      new CircuitBreaker(redis, {
        prefix: config.QUEUE_PREFIX,
        onOpen: (provider) => log.warn({ provider }, "circuit opened"),
      }),
    );
    const registry = openMetrics("worker");
    const readiness = openReadiness({
      database: databaseCheck(database),
      migrations: migrationsCheck(database),
      redis: redisCheck(redis),
      progress: progressCheck(redis, { prefix: config.QUEUE_PREFIX, queues }),
    });
    closes.push(await serveHealth(config, readiness, registry, log));
    const workers = startWorkers(
      handlers,
      { ...services, openProvider, log, counts: countJobs(registry, queues) },
      {
        connection: redis,
        prefix: config.QUEUE_PREFIX,
        queues,
        concurrency: concurrencyOf(config),
        drainMs: config.DRAIN_SECONDS * 1_000,
        userConcurrency: config.USER_CONCURRENCY,
      },
    );
    closes.push(
      async () => workers.close(),
      () => readiness.drain(),
    );
    await workers.ready();
    log.info({ queues }, "worker takes jobs");
    return closes;
  } catch (error) {
    await closeAll(closes, () => {});
    throw error;
  }
}

async function serveHealth(
  config: Config,
  readiness: Readiness,
  registry: Registry,
  log: Logger,
): Promise<Close> {
  if (config.HEALTH_PORT === undefined) return () => {};
  const address = { host: config.HEALTH_HOST, port: config.HEALTH_PORT };
  const server = await startHealthServer(address, { readiness, registry });
  log.info({ url: server.url }, "health server listens");
  return async () => server.close();
}
