import { closeQueues, openQueues, type Queues } from "../../queues/open-queues.ts";
import { type TestRedis, testRedis } from "./redis.ts";

/** Queues in a corner of Redis of their own. */
export interface TestQueues {
  redis: TestRedis;
  queues: Queues;
  /** Closes the queues and deletes what is in them. Close workers before. */
  close: () => Promise<void>;
}

export function testQueues(): TestQueues {
  const redis = testRedis();
  const queues = openQueues(redis.connection(), redis.prefix, () => {});
  const close = async (): Promise<void> => {
    await closeQueues(queues);
    await redis.close();
  };
  return { redis, queues, close };
}
