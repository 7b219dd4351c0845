import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { redisUrl, want } from "./services.ts";

want("redis");

export interface TestRedis {
  url: string;
  /** Give it to BullMQ as `prefix`; keys under it are deleted by `close`. */
  prefix: string;
  /** A connection that BullMQ accepts; closed by `close`. */
  connection(): Redis;
  close(): Promise<void>;
}

/** A corner of the test Redis that no other test uses. Close workers and queues before it. */
export function testRedis(): TestRedis {
  const url = redisUrl();
  const prefix = `test-${randomBytes(6).toString("hex")}`;
  const connections: Redis[] = [];
  const connection = () => {
    const opened = new Redis(url, { maxRetriesPerRequest: null });
    connections.push(opened);
    return opened;
  };
  const close = async () => {
    await deleteKeys(connection(), prefix);
    for (const opened of connections.splice(0)) opened.disconnect();
  };
  return { url, prefix, connection, close };
}

async function deleteKeys(redis: Redis, prefix: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
    if (keys.length > 0) await redis.unlink(...keys);
  }
}
