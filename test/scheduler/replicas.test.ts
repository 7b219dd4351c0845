import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { type EverySecond, everySecond } from "../support/every-second.ts";
import { until } from "../support/until.ts";

/** Five processes start slowly on a busy machine. */
const patient = { timeoutMs: 120_000 };
const skews = [-2_000, -1_000, 0, 1_000, 2_000];

describe("replicas of the scheduler", () => {
  let test: EverySecond;
  beforeEach(async () => {
    test = await everySecond();
  });
  afterEach(async () => test.close());

  it("enqueue each slot exactly once with clocks that differ by four seconds, while two are killed", async () => {
    const replicas = skews.map((skewMs) => test.start(skewMs));
    await until(() => replicas.every(({ clockAheadMs }) => clockAheadMs !== null), patient);
    await until(async () => test.lastSlot(), patient);

    const begin = await test.lastSlot();
    for (const seconds of [2, 4]) {
      await until(async () => (await test.lastSlot()) >= begin + seconds * 1_000, patient);
      await test.killBusiest();
    }
    await until(async () => (await test.lastSlot()) >= begin + 8_000, patient);
    await test.end(patient.timeoutMs);

    for (const { clockAheadMs, skewMs } of replicas) {
      expect(clockAheadMs).to.be.closeTo(skewMs, 500);
    }
    expect(await test.expectEachSlotOnce()).to.be.above(8);
  }).timeout(400_000);
});
