import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { fillAccount } from "../../local/clouds/aws/generate.ts";
import { type AwsWorld, impatient, setupAws } from "../support/aws.ts";
import { noRows, runSync, type TestSync, testSync } from "../support/sync.ts";

const discovery = new Set(["sts:GetCallerIdentity", "ec2:DescribeRegions"]);

describe("a sync of AWS through its SDK", () => {
  let world: AwsWorld;
  let here: TestSync;

  beforeEach(async () => {
    world = await setupAws({ largestPage: 50 });
    fillAccount(world.account, { seed: 7, count: 600 });
    here = await testSync();
  });
  afterEach(async () => {
    await here.close();
    await world.close();
  });

  const sync = async (id?: string) => {
    const provider = world.open({}, impatient(2_000));
    const job = id === undefined ? {} : { id };
    return (await runSync(here.database, provider, here.account, job)).outcome;
  };

  it("finds everything once and nothing new the second time", async () => {
    const first = await sync();
    const rows = await here.rows();
    const second = await sync();

    const instances = [...world.account.regions.values()].flatMap((region) => region.instances);
    const terminated = instances.filter(({ State }) => State?.Name === "terminated");
    expect(rows).to.have.length(600 - terminated.length);
    expect(first).to.have.nested.property("result.rows.created", rows.length);
    expect(second).to.have.deep.nested.property("result.rows", {
      ...noRows,
      unchanged: rows.length,
    });
    expect(new Set(rows.map((row) => row.resourceType))).to.have.all.keys(
      "vm",
      "storage",
      "network",
    );
  });

  it("keeps what a throttled region held, and comes back for the rest of that region alone", async () => {
    await sync();
    const before = (await here.rows()).length;
    const operation = "ec2:DescribeVolumes";
    const throttle = { kind: "throttle", retryAfterSeconds: 1 } as const;
    world.aws.faults.push({ operation, region: "eu-west-1", page: 2, effect: throttle });

    expect(await sync("again")).to.deep.include({ kind: "postpone", code: "THROTTLED" });
    expect(await here.rows()).to.have.length(before);
    expect(await here.scope("eu-west-1 ec2:volume")).to.include({ outcome: "throttled", pages: 1 });
    world.aws.faults.clear();
    world.aws.faults.forget();

    expect(await sync("again")).to.include({ kind: "done" });
    const listed = world.aws.faults.calls.filter((call) => !discovery.has(call.operation));
    expect(listed.map((call) => `${call.region} ${call.operation} ${call.page}`)).to.deep.equal([
      `eu-west-1 ${operation} 2`,
      `eu-west-1 ${operation} 3`,
    ]);
    expect(await here.scope("eu-west-1 ec2:volume")).to.include({ outcome: "complete", pages: 3 });
    expect((await here.rows()).filter((row) => row.missingSince)).to.deep.equal([]);
  });
});
