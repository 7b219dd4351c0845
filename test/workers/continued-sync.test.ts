import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { HandBackError } from "../../workers/errors.ts";
import { instances, page, type Step, trouble } from "../support/scripted-provider.ts";
import { noRows, noScopes, type TestSync, testSync } from "../support/sync.ts";
import { until } from "../support/until.ts";

const vms = "eu-west-1 ec2:instance";
const disks = "eu-west-1 ec2:volume";

describe("a sync that is continued", () => {
  let here: TestSync;

  beforeEach(async () => {
    here = await testSync();
  });
  afterEach(async () => here.close());

  /** An account of two pages; with trouble, the second one does not come. */
  const twoPages = (problem?: Error): Record<string, Step[]> => ({
    [vms]: [page(instances(1, 3), "second"), problem ?? instances(4, 5)],
    [disks]: [],
  });
  const tried = { id: "tried-twice" };
  const missing = async () => (await here.rows()).filter((row) => row.missingSince).length;

  it("goes on behind the last page that it wrote, without using up an attempt", async () => {
    const first = await here.sync(twoPages(trouble("THROTTLED", 9_000)), tried);
    expect(first).to.deep.include({ attempt: 1 });
    expect(first.outcome).to.include({ kind: "postpone", code: "THROTTLED", afterMs: 9_000 });
    expect(await here.scope(vms)).to.include({ outcome: "throttled", pages: 1, cursor: "second" });
    here.provider.listed = [];

    const found = await here.result(twoPages(), tried);

    expect(here.provider.listed).to.deep.equal([`${vms} after second`]);
    expect(found).to.deep.include({ resources: 5, rows: { ...noRows, created: 2 } });
    expect(await here.scope(vms)).to.include({
      outcome: "complete",
      pages: 2,
      resources: 5,
      runId: null,
      cursor: null,
      cursorSince: null,
    });
  });

  for (const touchAfterSeconds of [0, 3_600]) {
    it(`takes for gone what neither part has seen (rows refreshed after ${touchAfterSeconds} s)`, async () => {
      await here.result({ [vms]: [instances(1, 6)], [disks]: [] });

      for (const job of ["first", "second"]) {
        const options = { id: job, touchAfterSeconds };
        await here.sync(twoPages(trouble("THROTTLED")), options);
        expect(await missing()).to.equal(job === "first" ? 0 : 1);
        await here.result(twoPages(), options);
      }

      expect(await here.names()).to.deep.equal(["vm-1", "vm-2", "vm-3", "vm-4", "vm-5"]);
      const synced = (await here.rows()).map((row) => row.lastSynced?.getTime());
      if (touchAfterSeconds === 0) expect(new Set(synced)).to.have.property("size", 1);
    });
  }

  it("begins anew when the cursor is not accepted any more", async () => {
    await here.result({ [vms]: [instances(1, 5)], [disks]: [] });
    await here.sync(twoPages(trouble("THROTTLED")), tried);
    here.provider.listed = [];

    const found = await here.result({ [vms]: [page(instances(2, 3), "other"), []] }, tried);

    expect(here.provider.listed).to.deep.equal([`${vms} after second`, vms]);
    expect(found).to.deep.include({ resources: 2, rows: { ...noRows, unchanged: 2, missing: 3 } });
  });

  it("begins anew in another job", async () => {
    await here.sync(twoPages(trouble("THROTTLED")), tried);
    here.provider.listed = [];

    await here.result(twoPages());

    expect(here.provider.listed).to.have.members([vms, disks]);
  });

  it("begins anew when the first part had left a region out", async () => {
    const unread = [{ region: "us-east1", reason: "denied", message: "no" }] as const;
    const first: Step = { ...page(instances(1, 3), "second"), unread: [...unread] };

    await here.sync({ [vms]: [first, trouble("THROTTLED")] }, tried);

    expect(await here.scope(vms)).to.include({ outcome: "throttled", cursor: null });
  });

  it("uses up attempts when it gets no further", async () => {
    const stuck = twoPages(trouble("THROTTLED"));
    const outcomes: unknown[] = [];
    for (const _ of [1, 2, 3]) {
      const { outcome, attempt } = await here.sync(stuck, tried);
      outcomes.push([outcome.kind, attempt]);
    }

    expect(outcomes).to.deep.equal([
      ["postpone", 1],
      ["retry", 1],
      ["retry", 2],
    ]);
    expect(await here.scope(vms)).to.include({ cursor: "second" });
  });

  it("does not trust a cursor for a second time that leads into the same trouble", async () => {
    const broken = twoPages(trouble("PROVIDER_UNAVAILABLE"));
    for (const cursor of ["second", null]) {
      const { outcome } = await here.sync(broken, tried);
      expect(outcome).to.include({ kind: "retry", code: "PROVIDER_UNAVAILABLE" });
      expect(await here.scope(vms)).to.include({ cursor });
    }
  });

  it("leaves alone what was listed before the worker stopped", async () => {
    const abort = new AbortController();
    const stop = async () => {
      const areDisksRead = async () => (await here.scope(disks)).outcome === "complete";
      await until(areDisksRead, { what: "the disks are read" });
      abort.abort(new HandBackError());
    };
    const scripts = { ...twoPages(), [vms]: [page(instances(1, 3), "second"), stop, []] };
    const { outcome } = await here.sync(scripts, { ...tried, signal: abort.signal });
    expect(outcome).to.deep.equal({ kind: "hand-back" });
    here.provider.listed = [];

    const found = await here.result(twoPages(), tried);

    expect(here.provider.listed).to.deep.equal([`${vms} after second`]);
    expect(found).to.deep.include({ resources: 5, scopes: { ...noScopes, complete: 2 } });
  });

  it("judges a loss by what was there when the listing began", async () => {
    await here.result({ [vms]: [instances(1, 30)], [disks]: [] });
    const emptied = (problem?: Error): Record<string, Step[]> => ({
      [vms]: [page(instances(101, 200), "second"), problem ?? []],
      [disks]: [],
    });
    await here.sync(emptied(trouble("THROTTLED")), tried);

    expect(await here.result(emptied(), tried)).to.deep.include({
      scopes: { ...noScopes, complete: 1, held: 1 },
    });
  });
});
