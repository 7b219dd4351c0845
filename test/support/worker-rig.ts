import { pino } from "pino";
import type { QueueName } from "../../queues/contract.ts";
import { closeQueues, openQueues, type Queues } from "../../queues/open-queues.ts";
import type { Handlers } from "../../workers/handler.ts";
import { type RunningWorkers, startWorkers } from "../../workers/worker.ts";
import { type TestDatabase, testDatabase } from "./database.ts";
import { type TestRedis, testRedis } from "./redis.ts";
import { testServices } from "./worker-services.ts";

const never = async () => Promise.reject(new Error("not in this test"));
/** Handlers that fail; a test brings those it needs. */
export const noHandlers: Handlers = {
  sync: never,
  "cost-ingest": never,
  "health-check": never,
  "terraform-apply": never,
};

/** Queues in Redis, a migrated database and workers on both, all of one test. */
export interface WorkerRig {
  database: TestDatabase;
  redis: TestRedis;
  queues: Queues;
  start(handlers: Partial<Handlers>, names: readonly QueueName[]): Promise<RunningWorkers>;
  close(): Promise<void>;
}

export async function workerRig(): Promise<WorkerRig> {
  const database = await testDatabase();
  const redis = testRedis();
  const queues = openQueues(redis.connection(), redis.prefix, () => {});
  const workers: RunningWorkers[] = [];
  return {
    database,
    redis,
    queues,
    start: async (handlers, names) => {
      const services = {
        ...testServices(database.dataSource),
        log: pino({ level: "silent" }),
      };
      const started = startWorkers({ ...noHandlers, ...handlers }, services, {
        connection: redis.connection(),
        prefix: redis.prefix,
        queues: names,
        concurrency: {},
        drainMs: 0,
      });
      workers.push(started);
      await started.ready();
      return started;
    },
    close: async () => {
      await Promise.all(workers.map(async (worker) => worker.close()));
      await closeQueues(queues);
      await redis.close();
      await database.close();
    },
  };
}
