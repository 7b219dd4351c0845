import { expect } from "chai";
import { describe, it } from "mocha";
import { startTicker } from "../../scheduler/ticker.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

describe("ticker", () => {
  it("works again and again, also after work that failed, and logs what it threw", async () => {
    const { log, lines } = testLog();
    let runs = 0;
    const work = async (): Promise<boolean> => {
      runs += 1;
      if (runs === 1) throw new Error("PostgreSQL is away");
      return runs > 2;
    };
    const ticker = startTicker({ work, log, pauseMs: 10 });
    await until(() => runs >= 4);
    await ticker.stop(100);

    expect(lines.map((line) => line["msg"])).to.deep.equal(["cannot run schedules"]);
    expect(lines[0]).to.have.nested.property("err.message", "PostgreSQL is away");
  });

  it("does not start work that still runs, and does not wait for it longer than told", async () => {
    const { log } = testLog();
    let [hanging, ticks] = [0, 0];
    const hangs = async () => {
      hanging += 1;
      return new Promise<boolean>(() => {});
    };
    const counts = async () => {
      ticks += 1;
      return true;
    };
    const tickers = [startTicker({ work: hangs, log }), startTicker({ work: counts, log })];
    await until(() => hanging === 1 && ticks >= 3);

    await Promise.all(tickers.map(async (ticker) => ticker.stop(50)));

    expect(hanging).to.equal(1);
  });

  it("waits for work that ends in time when it is stopped", async () => {
    const { log } = testLog();
    let end = (_isDone: boolean): void => {};
    let isRunning = false;
    const work = async () => {
      isRunning = true;
      return new Promise<boolean>((resolve) => {
        end = resolve;
      });
    };
    const ticker = startTicker({ work, log });
    await until(() => isRunning);

    const ended: string[] = [];
    const stop = async (): Promise<void> => {
      await ticker.stop(5_000);
      ended.push("stop");
    };
    const stopped = stop();
    await new Promise(setImmediate);
    ended.push("work");
    end(true);
    await stopped;
    expect(ended).to.deep.equal(["work", "stop"]);
  });
});
