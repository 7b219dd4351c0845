import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { instance, instances, trouble } from "../support/scripted-provider.ts";
import { noRows, noScopes, type TestSync, testSync } from "../support/sync.ts";
import { until } from "../support/until.ts";

const vms = "eu-west-1 ec2:instance";
const disks = "eu-west-1 ec2:volume";

describe("planScopes", () => {
  let here: TestSync;

  beforeEach(async () => {
    here = await testSync();
  });
  afterEach(async () => here.close());

  it("marks scopes as skipped that the account no longer offers, and keeps their rows", async () => {
    await here.result({ [vms]: [instances(1, 2)], [disks]: [] });

    for (const _ of [1, 2]) {
      expect(await here.result({ [disks]: [] })).to.deep.include({
        scopes: { ...noScopes, complete: 1, skipped: 1 },
      });
    }

    expect(await here.scope(vms)).to.include({ outcome: "skipped" });
    expect(await here.names()).to.deep.equal(["vm-1", "vm-2"]);
  });

  it("comes back for what was throttled, after everything else was written, and lists only that", async () => {
    const slow = [[instance(8)], trouble("THROTTLED", 7_000)];
    const away = [trouble("PROVIDER_UNAVAILABLE", 3_000)];
    const images = "eu-west-1 ec2:image";
    const first = await here.sync(
      { [disks]: slow, [images]: away, [vms]: [instances(1, 2)] },
      { id: "a" },
    );

    expect(first.outcome).to.deep.include({ kind: "retry", code: "THROTTLED", afterMs: 7_000 });
    expect(await here.names()).to.deep.equal(["vm-1", "vm-2", "vm-8"]);
    expect(await here.scope(disks)).to.include({ outcome: "throttled" });
    expect(await here.scope(images)).to.include({ outcome: "partial" });
    here.provider.listed = [];

    const again = await here.result(
      { [disks]: [[instance(8)]], [images]: [], [vms]: [] },
      { id: "a" },
    );

    expect(here.provider.listed).to.have.members([disks, images]);
    expect(again).to.deep.equal({
      resources: 3,
      rows: { ...noRows, unchanged: 1 },
      scopes: { ...noScopes, complete: 3 },
    });
  });

  it("goes on where a worker that died left off", async () => {
    const died = async () => {
      await until(async () => (await here.scope(vms)).outcome === "complete");
      throw new Error("as if the process had gone");
    };
    await here.sync({ [vms]: [[instance(1)]], [disks]: [died] }, { id: "b" });
    expect(await here.scope(vms)).to.include({ outcome: "complete" });
    await here.database.query("UPDATE job_runs SET state = 'running'");
    here.provider.listed = [];

    expect(await here.result({ [vms]: [], [disks]: [] }, { id: "b", stalls: 1 })).to.deep.include({
      resources: 1,
      scopes: { ...noScopes, complete: 2 },
    });
    expect(here.provider.listed).to.deep.equal([disks]);
  });

  it("lists everything again in the next job", async () => {
    await here.result({ [vms]: [[instance(1)]] });
    await here.result({ [vms]: [[instance(1)]] });

    expect(here.provider.listed).to.deep.equal([vms, vms]);
  });

  it("lists only the regions and kinds that the job names", async () => {
    const scripts = { [vms]: [], [disks]: [], "us-east-1 ec2:volume": [] };
    await here.result(scripts, { payload: { kinds: ["ec2:volume"], regions: ["us-east-1"] } });

    expect(here.provider.listed).to.deep.equal(["us-east-1 ec2:volume"]);
  });

  for (const [field, name] of [
    ["kinds", "ec2:unicorn"],
    ["regions", "mars-1"],
  ] as const) {
    it(`gives up on ${field} that the account does not have`, async () => {
      const { outcome } = await here.sync(
        { [vms]: [[instance(1)]] },
        { payload: { [field]: [name] } },
      );

      expect(outcome).to.include({ kind: "give-up" });
      expect(outcome)
        .to.have.property("message")
        .that.matches(new RegExp(`^/${field}: .*${name}`));
      expect(await here.names()).to.deep.equal([]);
    });
  }
});
