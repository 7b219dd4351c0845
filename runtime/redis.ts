import { Redis } from "ioredis";

/** The longest wait between two tries to reach Redis again; ioredis would grow to much more. */
const longestReconnectMs = 2_000;

/**
 * A connection on which Redis owes an answer for so long is dead, although its TCP may live on behind a proxy or a
 * vanished node: commands would wait on it for ever. BullMQ's blocking reads ask for ten seconds at most.
 */
const silenceMs = 15_000;

/**
 * A connection that waits for Redis as long as it takes and resumes within two seconds of its return: for workers
 * and for whoever must not lose a command. Connecting happens in the background.
 */
export function openRedis(url: string, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(attempt * 100, longestReconnectMs),
    keepAlive: 10_000,
    socketTimeout: silenceMs,
  });
  redis.on("error", onError);
  return redis;
}

/** How long a command may wait for Redis when somebody waits for its answer. */
const commandTimeoutMs = 5_000;

/**
 * A connection whose commands fail while Redis is away: for whoever can answer "not now" or try again later. It
 * reconnects like the other one.
 */
export function openImpatientRedis(url: string, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    commandTimeout: commandTimeoutMs,
    retryStrategy: (attempt) => Math.min(attempt * 100, longestReconnectMs),
    keepAlive: 10_000,
  });
  redis.on("error", onError);
  return redis;
}
