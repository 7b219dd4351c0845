import { once } from "node:events";
import { expect } from "chai";
import { describe, it } from "mocha";
import { pino } from "pino";
import { type Periodic, startPeriodic } from "../../scheduler/periodic.ts";
import { until } from "../support/until.ts";

describe("startPeriodic", () => {
  const log = pino({ level: "silent" });
  const never = 3_600_000;

  it("works at once, again after the interval, and not after it was closed", async () => {
    let runs = 0;
    const work = async () => void (runs += 1);
    const periodic = startPeriodic({ task: "test", everyMs: 5, work, log });

    await until(() => runs >= 3);
    await periodic.close();
    const after = runs;
    periodic.wake();
    await new Promise((resolve) => setImmediate(resolve));

    expect(runs).to.equal(after);
  });

  it("works once more when it is woken during the work, and never twice at a time", async () => {
    let runs = 0;
    let running = 0;
    let most = 0;
    const holder: { periodic?: Periodic } = {};
    const work = async () => {
      runs += 1;
      running += 1;
      most = Math.max(most, running);
      if (runs === 2) holder.periodic?.wake();
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    holder.periodic = startPeriodic({ task: "test", everyMs: never, work, log });
    await until(() => runs === 1 && running === 0);
    holder.periodic.wake();

    await until(() => runs === 3);
    await holder.periodic.close();
    expect(most).to.equal(1);
  });

  it("goes on after a failure", async () => {
    let runs = 0;
    const work = async () => {
      runs += 1;
      if (runs === 1) throw new Error("not now");
    };
    const periodic = startPeriodic({ task: "test", everyMs: 5, work, log });

    await until(() => runs >= 2);
    await periodic.close();
  });

  it("tells the work to stop, and waits for it, when it is closed", async () => {
    let hasStopped = false;
    const work = async (signal: AbortSignal) => {
      await once(signal, "abort");
      hasStopped = true;
    };
    const periodic = startPeriodic({ task: "test", everyMs: never, work, log });

    await periodic.close();
    expect(hasStopped).to.equal(true);
  });
});
