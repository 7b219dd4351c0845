import { Redis } from "ioredis";

/** The longest wait between two tries to reach Redis again; ioredis would grow to much more. */
const longestReconnectMs = 2_000;

/**
 * A connection that waits for Redis as long as it takes and resumes within two seconds of its return: for workers
 * and for whoever must not lose a command. Connecting happens in the background.
 */
export function openRedis(url: string, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(attempt * 100, longestReconnectMs),
    keepAlive: 10_000,
  });
  redis.on("error", onError);
  return redis;
}
