import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { instance, instances, trouble } from "../support/scripted-provider.ts";
import { noRows, noScopes, type TestSync, testSync } from "../support/sync.ts";

const vms = "eu-west-1 ec2:instance";
const disks = "eu-west-1 ec2:volume";

describe("syncScope", () => {
  let here: TestSync;

  beforeEach(async () => {
    here = await testSync();
  });
  afterEach(async () => here.close());

  it("removes a vanished resource at its second complete miss", async () => {
    await here.result({ [vms]: [instances(1, 3)] });

    const first = await here.result({ [vms]: [instances(1, 2)] });
    expect(first).to.deep.include({ rows: { ...noRows, unchanged: 2, missing: 1 } });
    expect((await here.rows())[2]?.missingSince).to.be.instanceOf(Date);
    const second = await here.result({ [vms]: [instances(1, 2)] });

    expect(second).to.deep.include({ rows: { ...noRows, unchanged: 2, deleted: 1 } });
    expect(await here.names()).to.deep.equal(["vm-1", "vm-2"]);
  });

  it("takes a miss back when the resource is seen again", async () => {
    await here.result({ [vms]: [instances(1, 3)] });
    await here.result({ [vms]: [instances(1, 2)] });

    await here.result({ [vms]: [instances(1, 3)] });
    const missed = await here.result({ [vms]: [instances(1, 2)] });

    expect(missed).to.deep.include({ rows: { ...noRows, unchanged: 2, missing: 1 } });
    expect(await here.names()).to.have.length(3);
  });

  it("keeps everything when a page fails, and what it read before", async () => {
    await here.result({ [vms]: [instances(1, 3)] });

    for (const attempt of ["first", "second"]) {
      const found = await here.result({ [vms]: [[instance(9)], trouble("INVALID_REQUEST")] });
      expect(found, attempt).to.deep.include({ scopes: { ...noScopes, partial: 1 } });
    }

    expect(await here.names()).to.deep.equal(["vm-1", "vm-2", "vm-3", "vm-9"]);
    expect((await here.rows()).every((row) => row.missingSince === null)).to.equal(true);
    expect(await here.scope(vms)).to.include({
      outcome: "partial",
      pages: 1,
      resources: 1,
      errorCode: "INVALID_REQUEST",
      errorMessage: "it said INVALID_REQUEST",
    });
  });

  for (const code of ["PERMISSION_DENIED", "SERVICE_DISABLED"] as const) {
    it(`gives up when every scope is denied with ${code}, and keeps what is known`, async () => {
      await here.result({ [vms]: [instances(1, 3)] });

      const { outcome } = await here.sync({ [vms]: [trouble(code)], [disks]: [trouble(code)] });

      expect(outcome).to.deep.include({ kind: "give-up", code });
      expect(outcome).to.have.property("message").that.includes("none of 2 scopes could be read");
      expect(await here.scope(vms)).to.include({ outcome: "denied", errorCode: code });
      expect((await here.rows()).filter((row) => row.missingSince)).to.deep.equal([]);
      expect(await here.names()).to.have.lengthOf(3);
    });

    it(`goes on beside a scope that is denied with ${code}`, async () => {
      const found = await here.result({ [disks]: [trouble(code)], [vms]: [instances(1, 2)] });

      expect(found).to.deep.include({ scopes: { ...noScopes, complete: 1, denied: 1 } });
      expect(await here.names()).to.have.length(2);
      expect(await here.scope(disks)).to.include({
        outcome: "denied",
        errorCode: code,
        completedAt: null,
      });
    });
  }

  it("holds a scope that loses too much until the next sync confirms it", async () => {
    await here.result({ [vms]: [instances(1, 30)] });

    const held = await here.result({ [vms]: [instances(1, 5)] });
    expect(held).to.deep.include({
      rows: { ...noRows, unchanged: 5 },
      scopes: { ...noScopes, held: 1 },
    });
    expect(await here.scope(vms)).to.include({
      outcome: "held",
      errorCode: "TOO_MANY_MISSING",
    });
    const confirmed = await here.result({ [vms]: [instances(1, 5)] });
    expect(confirmed).to.deep.include({
      rows: { ...noRows, unchanged: 5, missing: 25 },
      scopes: { ...noScopes, complete: 1 },
    });
    const removed = await here.result({ [vms]: [instances(1, 5)] });

    expect(removed).to.deep.include({ rows: { ...noRows, unchanged: 5, deleted: 25 } });
  });

  it("lets go of a hold when the resources are back", async () => {
    await here.result({ [vms]: [instances(1, 30)] });
    await here.result({ [vms]: [] });

    expect(await here.result({ [vms]: [instances(1, 30)] })).to.deep.include({
      scopes: { ...noScopes, complete: 1 },
    });
    expect(await here.result({ [vms]: [] })).to.deep.include({ scopes: { ...noScopes, held: 1 } });
  });

  it("does not hold a loss of twenty", async () => {
    await here.result({ [vms]: [instances(1, 20)] });

    expect(await here.result({ [vms]: [] })).to.deep.include({ rows: { ...noRows, missing: 20 } });
  });

  it("ignores an unknown resource that the provider reports as deleted", async () => {
    const found = await here.result({ [vms]: [[instance(1, { status: "deleted" })]] });

    expect(found).to.deep.include({ resources: 0, rows: noRows });
    expect(await here.names()).to.deep.equal([]);
  });

  it("lets a known resource that is reported as deleted go without bringing it back", async () => {
    await here.result({ [vms]: [instances(1, 30)] });
    const gone = instances(1, 30).map((resource) => ({ ...resource, status: "deleted" as const }));

    const first = await here.result({ [vms]: [gone] });
    expect(first).to.deep.include({ rows: { ...noRows, updated: 30, missing: 30 } });
    expect((await here.rows())[0]?.status).to.equal("deleted");
    const second = await here.result({ [vms]: [gone] });
    expect(second).to.deep.include({ rows: { ...noRows, deleted: 30 } });

    expect(await here.result({ [vms]: [gone] })).to.deep.include({ rows: noRows });
    expect(await here.names()).to.deep.equal([]);
  });

  it("keeps rows of regions that a listing left out", async () => {
    const global = "global compute:disk";
    const near = instance(1, { region: "europe-west1" });
    const far = instance(2, { region: "us-east1" });
    const nowhere = instance(3, { region: null });
    await here.result({ [global]: [[near, far, nowhere]] });

    const unread = [{ region: "us-east1", reason: "denied", message: "no" }] as const;
    const found = await here.result({
      [global]: [{ resources: [], cursor: null, unread: [...unread] }],
    });

    expect(found).to.deep.include({
      rows: { ...noRows, missing: 1 },
      scopes: { ...noScopes, partial: 1 },
    });
    const missing = (await here.rows()).filter((row) => row.missingSince);
    expect(missing.map((row) => row.region)).to.deep.equal(["europe-west1"]);
    expect(await here.scope(global)).to.include({
      outcome: "partial",
      errorCode: "REGION_DENIED",
      errorMessage: "not read: us-east1: no",
    });
  });

  it("takes nothing for gone in scopes that were only assumed", async () => {
    await here.result({ [vms]: [instances(1, 2)], [disks]: [] });
    const [before] = await here.rows();
    here.provider.assumed = true;

    for (const _ of [1, 2]) await here.result({ [vms]: [[instance(1)]] });

    const [seen, unseen] = await here.rows();
    expect(unseen?.missingSince).to.equal(null);
    expect(unseen?.lastSynced).to.deep.equal(before?.lastSynced);
    expect(seen?.lastSynced).to.be.greaterThan(before?.lastSynced ?? new Date());
    expect(await here.scope(disks)).to.include({ outcome: "complete" });
  });
});
