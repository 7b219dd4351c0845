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

  it("makes another user wait at most a second, and a twentieth of what order of arrival would", async function () {
    const connection = redis.connection();
    const arrival = await measureWaits(connection, "arrival", load);
    const line = await measureWaits(connection, "line", load);
    const foreign = await measureWaits(connection, "line, loud producer without priority", load);

    for (const { p95 } of [line, foreign]) {
      expect(p95).to.be.at.most(1_000);
      expect(p95).to.be.at.most(arrival.p95 * 0.05);
    }
    const [inLine, without, inOrder] = [line, foreign, arrival].map(({ p95 }) => Math.round(p95));
    const figures = `p95 ${inLine} ms, ${without} ms without priorities, ${inOrder} ms in order of arrival`;
    if (this.test) this.test.title += ` (${figures})`;
  });
});
