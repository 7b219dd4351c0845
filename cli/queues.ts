import { closeQueues, openQueues, type Queues } from "../queues/open-queues.ts";
import type { Config } from "../runtime/config.ts";
import { openImpatientRedis } from "../runtime/redis.ts";
import { ServerError } from "../runtime/server-error.ts";

/**
 * Runs a command's work on queues of its own and closes them, whatever comes of it.
 * Throws ServerError when Redis is away, within seconds: somebody waits at a terminal.
 */
export async function withQueues<T>(
  config: Config,
  work: (queues: Queues) => Promise<T>,
): Promise<T> {
  let problem: Error | undefined;
  const redis = openImpatientRedis(config.REDIS_URL, (error) => {
    problem = error;
  });
  const queues = openQueues(redis, config.QUEUE_PREFIX, () => {});
  try {
    // Queues themselves wait for Redis as long as it takes.
    await redis.ping().catch((error: unknown) => {
      throw new ServerError("Redis (REDIS_URL)", problem ?? error);
    });
    return await work(queues);
  } finally {
    await closeQueues(queues);
    redis.disconnect();
  }
}
