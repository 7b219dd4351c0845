import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { measureWaits } from "../../bench/measure-waits.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";

/** Half a minute, so not among the tests of every day: `npm run test:chaos`. */
describe("a user with 10,000 queued jobs", function () {
  this.timeout(180_000);
  const load = { loud: 10_000, quiet: 10, jobMs: 1, concurrency: 4 };
  let redis: TestRedis;

  beforeEach(() => {
    redis = testRedis();
  });
  afterEach(async () => redis.close());

  it("makes another user wait at most a twentieth of what order of arrival would", async () => {
    const connection = redis.connection();
    const arrival = await measureWaits(connection, "arrival", load);
    const line = await measureWaits(connection, "line", load);
    const foreign = await measureWaits(connection, "line, loud producer without priority", load);

    expect(line.p95).to.be.below(arrival.p95 * 0.05);
    expect(foreign.p95).to.be.below(arrival.p95 * 0.05);
  });
});
