import { once } from "node:events";
import { createServer } from "node:net";
import { expect } from "chai";
import { Redis } from "ioredis";
import { describe, it } from "mocha";
import { NotReadyError } from "../../runtime/readiness.ts";
import { redisCheck } from "../../runtime/readiness-checks.ts";

/** A Redis that evicts would need a server of its own; what INFO says is all that the check goes by. */
async function redisSaying(memory: string): Promise<{ redis: Redis; close: () => void }> {
  const server = createServer((socket) => {
    socket.on("data", (data) => {
      const isInfo = /info/i.test(data.toString());
      socket.write(isInfo ? `$${memory.length}\r\n${memory}\r\n` : "+PONG\r\n");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const redis = new Redis(port, "127.0.0.1", { enableReadyCheck: false, disableClientInfo: true });
  const close = () => {
    redis.disconnect();
    server.close();
  };
  return { redis, close };
}

describe("redisCheck", () => {
  for (const [memory, problem] of [
    ["maxmemory_policy:noeviction\r\n", null],
    ["maxmemory_policy:allkeys-lru\r\n", "maxmemory-policy is allkeys-lru, must be noeviction"],
    ["used_memory:1\r\n", "maxmemory-policy is unknown, must be noeviction"],
  ] as const) {
    it(`is ${problem ?? "content"} when INFO says ${memory.trim()}`, async () => {
      const { redis, close } = await redisSaying(memory);
      try {
        const error = await redisCheck(redis)().then(
          () => null,
          (thrown: unknown) => thrown,
        );
        if (problem === null) expect(error).to.equal(null);
        else expect(error).to.be.instanceOf(NotReadyError).with.property("message", problem);
      } finally {
        close();
      }
    });
  }
});
