import { pino } from "pino";
import type { QueueName } from "../../queues/contract.ts";
import { closeQueues, openQueues, type Queues } from "../../queues/open-queues.ts";
import type { Handlers } from "../../workers/handler.ts";
import { type RunningWorkers, startWorkers, type WorkerOptions } from "../../workers/worker.ts";
import { type TestDatabase, testDatabase } from "./database.ts";
import { type TestRedis, testRedis } from "./redis.ts";
import { testServices } from "./worker-services.ts";

const never = async () => Promise.reject(new Error("not in this test"));
const noHandlers: Handlers = {
  sync: never,
  "cost-ingest": never,
  "health-check": never,
  "terraform-apply": never,
};

/** Queues of one test, and workers that are started when everything is queued. */
export interface TestTurns {
  database: TestDatabase;
  redis: TestRedis;
  queues: Queues;
  start(
    handlers: Partial<Handlers>,
    options: { concurrency: number; userConcurrency?: number },
  ): Promise<RunningWorkers>;
  close(): Promise<void>;
}

export async function testTurns(): Promise<TestTurns> {
  const database = await testDatabase();
  const redis = testRedis();
  const queues = openQueues(redis.connection(), redis.prefix, () => {});
  const running: RunningWorkers[] = [];
  const services = { ...testServices(database.dataSource), log: pino({ level: "silent" }) };
  return {
    database,
    redis,
    queues,
    start: async (handlers, { concurrency, userConcurrency = 0 }) => {
      const names: QueueName[] = ["sync", "cost-ingest", "health-check", "terraform-apply"];
      const options: WorkerOptions = {
        connection: redis.connection(),
        prefix: redis.prefix,
        queues: names.filter((name) => name in handlers),
        concurrency: Object.fromEntries(names.map((name) => [name, concurrency])),
        drainMs: 0,
        userConcurrency,
      };
      const workers = startWorkers({ ...noHandlers, ...handlers }, services, options);
      running.push(workers);
      await workers.ready();
      return workers;
    },
    close: async () => {
      await Promise.all(running.map(async (workers) => workers.close()));
      await closeQueues(queues);
      await redis.close();
      await database.close();
    },
  };
}
