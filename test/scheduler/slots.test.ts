import { expect } from "chai";
import { describe, it } from "mocha";
import { type Slot, slotJobId, startTime } from "../../scheduler/slots.ts";

describe("slots", () => {
  const slot: Slot = {
    at: new Date("2026-03-01T10:00:00Z"),
    next: new Date("2026-03-01T10:30:00Z"),
  };
  const minute = 60_000;
  const offset = (id: number, of = slot): number =>
    startTime("sync", id, of).getTime() - of.at.getTime();

  it("names a job by queue, schedule, credential and slot, without colons", () => {
    expect(slotJobId("cost-ingest", 3, 7, slot)).to.equal("cost-ingest-3-7-2026-03-01T100000.000Z");
  });

  it("starts a credential at the same place of every slot", () => {
    const later: Slot = { at: slot.next, next: new Date("2026-03-01T11:00:00Z") };

    expect(offset(7)).to.equal(offset(7, later));
    // The place is part of what replicas of different versions must agree on.
    expect(startTime("sync", 7, slot).toISOString()).to.equal("2026-03-01T10:20:10.419Z");
  });

  it("starts the kinds of jobs of one credential at different times", () => {
    const times = (["sync", "cost-ingest", "health-check"] as const).map((queue) =>
      startTime(queue, 7, slot).getTime(),
    );

    expect(new Set(times).size).to.equal(3);
  });

  it("spreads credentials evenly between the slot and the next one", () => {
    const perMinute = Array.from({ length: 30 }, () => 0);
    for (let id = 1; id <= 9_000; id += 1) {
      const place = Math.floor(offset(id) / minute);
      expect(place).to.be.within(0, 29);
      perMinute[place] = (perMinute[place] ?? 0) + 1;
    }

    // 300 expected in each; five standard deviations either way.
    expect(Math.min(...perMinute)).to.be.above(215);
    expect(Math.max(...perMinute)).to.be.below(385);
  });
});
