import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { type EverySecond, everySecond } from "../support/every-second.ts";
import { until } from "../support/until.ts";

/** The promise is of ten minutes; fewer are for a quick look. */
const seconds = Number(process.env["REPLICAS_SECONDS"] ?? 600);
const killEveryMs = 15_000;
const skews = [-2_000, -1_250, 0, 1_250, 2_000];
/** Processes that compile as they load, on a busy machine. */
const patient = { timeoutMs: 120_000 };

describe("replicas of the scheduler of which one is killed every 15 seconds", function () {
  this.timeout((seconds + 600) * 1_000);
  let test: EverySecond;
  beforeEach(async () => {
    test = await everySecond();
  });
  afterEach(async () => test.close());

  const allStarted = (): boolean =>
    test.replicas.every(({ clockAheadMs }) => clockAheadMs !== null);

  it(`enqueue each of ${seconds} slots exactly once with clocks that differ by four seconds`, async function () {
    for (const skewMs of skews) test.start(skewMs);
    await until(allStarted, { ...patient, what: "all replicas run" });
    await until(async () => test.lastSlot(), { ...patient, what: "a slot is enqueued" });
    const begin = await test.lastSlot();

    const start = performance.now();
    const kills = Math.floor((seconds * 1_000) / killEveryMs);
    // The pace of the kills is the point. They come at any moment of a second: some hit a slot that is being enqueued.
    for (let round = 1; round <= kills; round += 1) {
      const next = start + round * killEveryMs - 1_000 * Math.random();
      await delay(next - performance.now());
      const victims = round === 1 ? 2 : 1;
      for (let victim = 1; victim <= victims; victim += 1) {
        const { skewMs } = await test.killBusiest();
        test.start(skewMs);
      }
    }
    await until(async () => (await test.lastSlot()) >= begin + seconds * 1_000, patient);
    await until(allStarted, { ...patient, what: "all replacements run" });
    for (const { clockAheadMs, skewMs } of test.replicas) {
      expect(clockAheadMs).to.be.closeTo(skewMs, 500);
    }
    await test.end(60_000);

    const slots = await test.expectEachSlotOnce();
    expect(slots).to.be.above(seconds);
    const lag = ((await test.greatestLag(begin)) / 1_000).toFixed(1);
    const figures = `${kills + 1} kills, ${slots} slots, none done later than ${lag} s after its time`;
    if (this.test) this.test.title += ` (${figures})`;
  });
});
