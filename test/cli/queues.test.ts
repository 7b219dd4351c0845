import { expect } from "chai";
import { describe, it } from "mocha";
import { withQueues } from "../../cli/queues.ts";
import { freePort } from "../../local/free-port.ts";
import { readConfig } from "../../runtime/config.ts";
import { failureOf } from "../support/failure.ts";
import { testRedis } from "../support/redis.ts";

describe("withQueues", () => {
  it("lets a command add jobs", async () => {
    const redis = testRedis();
    const config = readConfig({ REDIS_URL: redis.url, QUEUE_PREFIX: redis.prefix }, ["REDIS_URL"]);

    const count = await withQueues(config, async ({ sync }) => {
      await sync.add("sync", { userId: 1 });
      return sync.getWaitingCount();
    });

    expect(count).to.equal(1);
    await redis.close();
  });

  it("says within seconds that Redis is away", async () => {
    const config = readConfig({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` }, []);

    const error = await failureOf(withQueues(config, async ({ sync }) => sync.add("sync", {})));

    expect(error).to.have.property("code", "ECONNREFUSED");
    expect(error)
      .to.have.property("message")
      .that.matches(/^Redis \(REDIS_URL\): connect ECONN/);
  });
});
