import { createHash } from "node:crypto";
import type { Redis } from "ioredis";

/** A Lua script that Redis keeps: sent as its hash, and as a whole only to a server that does not have it. */
export class RedisScript {
  readonly #text: string;
  readonly #hash: string;

  constructor(text: string) {
    this.#text = text;
    this.#hash = createHash("sha1").update(text).digest("hex");
  }

  /** Runs the script with one key. Throws the driver's error. */
  async run(redis: Redis, key: string, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.#hash, 1, key, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return redis.eval(this.#text, 1, key, ...args);
    }
  }
}
