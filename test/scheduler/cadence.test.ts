import { expect } from "chai";
import { describe, it } from "mocha";
import { pino } from "pino";
import { startCadence } from "../../scheduler/cadence.ts";
import type { Slot } from "../../scheduler/slots.ts";
import { until } from "../support/until.ts";

const everySecond = "* * * * * *";
const log = pino({ level: "silent" });

describe("startCadence", () => {
  it("gives every replica the same slots: the scheduled times, not the time of its clock", async () => {
    const replicas: Slot[][] = [[], []];
    const cadences = replicas.map((slots) =>
      startCadence({
        name: "sync",
        expression: everySecond,
        enqueue: async (slot) => slots.push(slot),
        log,
      }),
    );
    const [one = [], other = []] = replicas;
    const shared = () =>
      one.filter(({ at }) => other.some((slot) => slot.at.getTime() === at.getTime()));
    await until(() => shared().length >= 2);
    await Promise.all(cadences.map(async (cadence) => cadence.stop(100)));

    for (const { at, next } of shared()) {
      expect(at.getUTCMilliseconds()).to.equal(0);
      expect(next.getTime() - at.getTime()).to.equal(1_000);
    }
  });

  it("tries a slot that failed again, and then no more", async () => {
    const tries: number[] = [];
    const cadence = startCadence({
      name: "sync",
      expression: everySecond,
      enqueue: async ({ at }) => {
        tries.push(at.getTime());
        if (tries.length <= 2) throw new Error("Redis is away");
        return 1;
      },
      log,
      retryMs: 10,
    });
    await until(() => new Set(tries).size >= 2);
    await cadence.stop(100);

    const [slot = 0] = tries;
    expect(tries.slice(0, 4)).to.deep.equal([slot, slot, slot, slot + 1_000]);
  });

  it("leaves a slot that keeps failing to its fate when the next one comes", async () => {
    const tries: number[] = [];
    const cadence = startCadence({
      name: "sync",
      expression: everySecond,
      enqueue: async ({ at }) => {
        tries.push(at.getTime());
        throw new Error("Redis is away");
      },
      log,
      retryMs: 300,
    });
    await until(() => new Set(tries).size >= 3);
    await cadence.stop(100);

    const slots = [...new Set(tries)];
    expect((slots[2] ?? 0) - (slots[0] ?? 0)).to.equal(2_000);
  });

  it("does not wait for a slot that hangs when it is stopped", async () => {
    let isHanging = false;
    const cadence = startCadence({
      name: "sync",
      expression: everySecond,
      enqueue: async () => {
        isHanging = true;
        return new Promise<number>(() => {});
      },
      log,
    });
    await until(() => isHanging);

    await cadence.stop(50);
  });
});
