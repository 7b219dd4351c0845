import { expect } from "chai";
import { describe, it } from "mocha";
import {
  checkSchedule,
  ScheduleError,
  type ScheduleTerms,
} from "../../scheduler/check-schedule.ts";

const sound: ScheduleTerms = {
  name: "nightly",
  queue: "sync",
  cron: "0 3 * * *",
  timeZone: "Europe/Berlin",
  userId: null,
  credentialId: null,
  payload: { regions: ["eu-west-1"] },
  misfire: "once",
  catchUp: 1,
  isEnabled: true,
};

const drift = { queue: "terraform-apply", payload: { action: "drift" } };

const retention = { queue: "retention", payload: {} };

const refused: [string, Record<string, unknown>, RegExp][] = [
  ["name", { name: "" }, /^name: expected 1 to 100 letters/],
  ["name", { name: "a b" }, /^name: expected/],
  ["queue", { queue: "report" }, /^queue: expected one of sync, cost-ingest/],
  ["cron", { cron: "often" }, /^cron: expected 5 or 6 fields/],
  ["cron", { cron: "0 3 1 * 1" }, /^cron: restrict .* not both$/],
  ["cron", { cron: `0 3 ${"1,".repeat(100)}1 * *` }, /^cron: expected at most 200 characters/],
  ["time_zone", { timeZone: "Europe/Atlantis" }, /^time_zone: expected a time zone such as/],
  ["misfire", { misfire: "twice" }, /^misfire: expected one of skip, once, catch_up/],
  ["catch_up", { catchUp: 0 }, /^catch_up: expected 1 to 100/],
  ["catch_up", { catchUp: 101 }, /^catch_up: expected 1 to 100/],
  ["payload", { payload: [] }, /^payload: expected a JSON object/],
  ["payload/regions", { payload: { regions: "x" } }, /^payload\/regions: expected an array/],
  ["payload/region", { payload: { region: "x" } }, /^payload\/region: is no field of sync/],
  ["payload/userId", { payload: { userId: 1 } }, /^payload\/userId: is set for each job/],
  ["payload/idempotencyKey", { payload: { idempotencyKey: "x" } }, /is set for each job/],
  ["payload/action", { ...drift, payload: {} }, /^payload\/action: expected one of plan/],
  ["payload/action", { ...drift, payload: { action: "destroy" } }, /expected drift or plan/],
  ["user_id", { ...retention, userId: 1 }, /^user_id: retention is for all users/],
  ["credential_id", { ...retention, credentialId: 1 }, /^credential_id: retention is for all/],
  ["payload/days", { ...retention, payload: { days: 1 } }, /^payload\/days: retention has no/],
];

describe("checkSchedule", () => {
  it("takes what can be run and says what it is for", () => {
    expect(checkSchedule(sound)).to.equal("sync");
    expect(checkSchedule({ ...sound, ...drift })).to.equal("terraform-apply");
    expect(checkSchedule({ ...sound, ...retention })).to.equal("retention");
  });

  for (const [field, changes, message] of refused) {
    it(`refuses ${JSON.stringify(changes).slice(0, 60)} and names ${field}`, () => {
      const check = () => checkSchedule({ ...sound, ...changes });

      expect(check).to.throw(ScheduleError, message).with.property("field", field);
    });
  }
});
