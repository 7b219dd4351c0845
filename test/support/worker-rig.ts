import { pino } from "pino";
import { type QueueName, queueNames } from "../../queues/contract.ts";
import type { Queues } from "../../queues/open-queues.ts";
import type { Handlers } from "../../workers/handler.ts";
import { type RunningWorkers, startWorkers } from "../../workers/worker.ts";
import { type TestDatabase, testDatabase } from "./database.ts";
import type { Places } from "./environment.ts";
import { testQueues } from "./queues.ts";
import type { TestRedis } from "./redis.ts";
import { noHandlers, testServices } from "./worker-services.ts";

/** How a test wants its workers other than usual. */
export interface RigOptions {
  /** Jobs at once per queue; the contract's number if absent. */
  concurrency?: number;
  /** Jobs of one user at once per queue; no limit if absent. */
  userConcurrency?: number;
  /** Milliseconds; none if absent. */
  drainMs?: number;
}

/** Queues in Redis, a migrated database and workers on both, all of one test. */
export interface WorkerRig {
  database: TestDatabase;
  redis: TestRedis;
  queues: Queues;
  /** For processes that work here. */
  places: Places;
  /** Starts workers for the queues that there are handlers for; resolves when they take jobs. */
  start(handlers: Partial<Handlers>, options?: RigOptions): Promise<RunningWorkers>;
  close(): Promise<void>;
}

export async function workerRig(): Promise<WorkerRig> {
  const database = await testDatabase();
  const { redis, queues, close: closeQueues } = testQueues();
  const services = { ...testServices(database.dataSource), log: pino({ level: "silent" }) };
  const running: RunningWorkers[] = [];
  const start: WorkerRig["start"] = async (handlers, options = {}) => {
    const { concurrency, userConcurrency = 0, drainMs = 0 } = options;
    const names: QueueName[] = queueNames.filter((name) => name in handlers);
    const workers = startWorkers({ ...noHandlers, ...handlers }, services, {
      connection: redis.connection(),
      prefix: redis.prefix,
      queues: names,
      concurrency: Object.fromEntries(names.map((name) => [name, concurrency])),
      drainMs,
      userConcurrency,
    });
    running.push(workers);
    await workers.ready();
    return workers;
  };
  const close = async (): Promise<void> => {
    await Promise.all(running.map(async (workers) => workers.close()));
    await closeQueues();
    await database.close();
  };
  const { url: REDIS_URL, prefix: QUEUE_PREFIX } = redis;
  const places = { DATABASE_URL: database.url, REDIS_URL, QUEUE_PREFIX };
  return { database, redis, queues, places, start, close };
}
