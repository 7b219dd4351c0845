import { expect } from "chai";
import { describe, it } from "mocha";
import { slotsAfter, slotsBetween } from "../../scheduler/cron-slots.ts";

interface Row {
  what: string;
  cron: string;
  timeZone: string;
  /** A moment in UTC, and the slots in UTC that come next. */
  after: string;
  slots: string[];
}

/** Written by hand from the calendars and the days on which clocks change, not from what the code answers. */
const table: Row[] = [
  {
    what: "a named time that clocks are put forward over has its slot at the change",
    cron: "30 2 * * *",
    timeZone: "Europe/Berlin",
    after: "2026-03-27T12:00Z",
    slots: ["2026-03-28T01:30Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z"],
  },
  {
    what: "several times that clocks are put forward over are one slot",
    cron: "*/20 * * * *",
    timeZone: "Europe/Berlin",
    after: "2026-03-29T00:30Z",
    slots: ["2026-03-29T00:40Z", "2026-03-29T01:00Z", "2026-03-29T01:20Z"],
  },
  {
    what: "a named time that comes twice has one slot, the first time",
    cron: "30 2 * * *",
    timeZone: "Europe/Berlin",
    after: "2026-10-24T12:00Z",
    slots: ["2026-10-25T00:30Z", "2026-10-26T01:30Z"],
  },
  {
    what: "a repeated hour has its slots once",
    cron: "*/30 * * * *",
    timeZone: "Europe/Berlin",
    after: "2026-10-24T23:45Z",
    slots: ["2026-10-25T00:00Z", "2026-10-25T00:30Z", "2026-10-25T02:00Z", "2026-10-25T02:30Z"],
  },
  {
    what: "the second coming of an hour leads to the next wall time that is new",
    cron: "*/30 * * * *",
    timeZone: "Europe/Berlin",
    after: "2026-10-25T01:10Z",
    slots: ["2026-10-25T02:00Z"],
  },
  {
    what: "midnight moves in UTC with the clocks",
    cron: "0 0 * * *",
    timeZone: "Europe/Berlin",
    after: "2026-03-28T12:00Z",
    slots: ["2026-03-28T23:00Z", "2026-03-29T22:00Z", "2026-03-30T22:00Z"],
  },
  {
    what: "New York puts its clocks forward on 8 March 2026",
    cron: "30 2 * * *",
    timeZone: "America/New_York",
    after: "2026-03-06T12:00Z",
    slots: ["2026-03-07T07:30Z", "2026-03-08T07:00Z", "2026-03-09T06:30Z"],
  },
  {
    what: "New York puts its clocks back on 1 November 2026",
    cron: "30 1 * * *",
    timeZone: "America/New_York",
    after: "2026-10-30T12:00Z",
    slots: ["2026-10-31T05:30Z", "2026-11-01T05:30Z", "2026-11-02T06:30Z"],
  },
  {
    what: "weekdays are those of the zone",
    cron: "0 21 * * fri",
    timeZone: "America/New_York",
    after: "2026-07-01T00:00Z",
    slots: ["2026-07-04T01:00Z", "2026-07-11T01:00Z"],
  },
  {
    what: "Kolkata is half an hour off and never changes",
    cron: "0 9 * * 1-5",
    timeZone: "Asia/Kolkata",
    after: "2026-03-27T12:00Z",
    slots: ["2026-03-30T03:30Z", "2026-03-31T03:30Z"],
  },
  {
    what: "Lord Howe changes by half an hour",
    cron: "15 2 * * *",
    timeZone: "Australia/Lord_Howe",
    after: "2026-10-02T16:00Z",
    slots: ["2026-10-03T15:30Z", "2026-10-04T15:15Z"],
  },
  {
    what: "Beirut has no midnight on the day its clocks change",
    cron: "0 0 * * *",
    timeZone: "Asia/Beirut",
    after: "2026-03-27T12:00Z",
    slots: ["2026-03-27T22:00Z", "2026-03-28T22:00Z", "2026-03-29T21:00Z"],
  },
  {
    what: "Apia left out a whole day",
    cron: "0 12 * * *",
    timeZone: "Pacific/Apia",
    after: "2011-12-29T00:00Z",
    slots: ["2011-12-29T22:00Z", "2011-12-30T10:00Z", "2011-12-30T22:00Z"],
  },
  {
    what: "29 February comes in leap years",
    cron: "0 0 29 2 *",
    timeZone: "UTC",
    after: "2026-01-01T00:00Z",
    slots: ["2028-02-29T00:00Z", "2032-02-29T00:00Z"],
  },
  {
    what: "29 February does not come in 2100",
    cron: "0 0 29 2 *",
    timeZone: "UTC",
    after: "2096-03-01T00:00Z",
    slots: ["2104-02-29T00:00Z"],
  },
  {
    what: "the 31st comes in months that have one",
    cron: "0 0 31 * *",
    timeZone: "UTC",
    after: "2026-01-31T00:00Z",
    slots: ["2026-03-31T00:00Z", "2026-05-31T00:00Z", "2026-07-31T00:00Z", "2026-08-31T00:00Z"],
  },
  {
    what: "the year ends in the zone, not in UTC",
    cron: "0 0 1 1 *",
    timeZone: "Asia/Kolkata",
    after: "2026-06-01T00:00Z",
    slots: ["2026-12-31T18:30Z", "2027-12-31T18:30Z"],
  },
  {
    what: "seconds may be named",
    cron: "*/20 59 23 * * *",
    timeZone: "UTC",
    after: "2026-06-01T23:59:30.250Z",
    slots: ["2026-06-01T23:59:40Z", "2026-06-02T23:59:00Z"],
  },
];

const iso = (dates: Date[]): string[] => dates.map((date) => date.toISOString());
const expected = (slots: string[]): string[] => iso(slots.map((slot) => new Date(slot)));

describe("cron slots", () => {
  for (const { what, after, slots, ...times } of table) {
    it(`${what} (${times.cron} ${times.timeZone})`, () => {
      expect(iso(slotsAfter(times, new Date(after), slots.length))).to.deep.equal(expected(slots));
    });

    it(`are the same looking back (${times.cron} ${times.timeZone} after ${after})`, () => {
      const last = new Date(slots.at(-1) ?? "");
      const found = slotsBetween(times, new Date(after), last, 100);

      expect(iso(found)).to.deep.equal(expected(slots));
      expect(iso(slotsBetween(times, new Date(after), last, 1))).to.deep.equal(
        expected(slots.slice(-1)),
      );
    });
  }

  it("of a repeated hour are known while it is repeated", () => {
    const times = { cron: "*/30 * * * *", timeZone: "Europe/Berlin" };
    const [after, until] = [new Date("2026-10-24T23:45Z"), new Date("2026-10-25T01:10Z")];

    const found = slotsBetween(times, after, until, 10);

    expect(iso(found)).to.deep.equal(expected(["2026-10-25T00:00Z", "2026-10-25T00:30Z"]));
  });

  it("are none when none has come", () => {
    const times = { cron: "0 0 * * *", timeZone: "UTC" };
    const [after, until] = [new Date("2026-10-24T00:00Z"), new Date("2026-10-24T23:59:59.999Z")];

    expect(slotsBetween(times, after, until, 10)).to.deep.equal([]);
  });

  it("are the newest ones when there are more than asked for", () => {
    const times = { cron: "* * * * * *", timeZone: "America/New_York" };
    const [after, until] = [new Date("2016-01-01T00:00Z"), new Date("2026-01-01T00:00:05.400Z")];

    expect(iso(slotsBetween(times, after, until, 3))).to.deep.equal(
      expected(["2026-01-01T00:00:03Z", "2026-01-01T00:00:04Z", "2026-01-01T00:00:05Z"]),
    );
  });
});
