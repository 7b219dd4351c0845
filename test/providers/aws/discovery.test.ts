import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { awsKinds } from "../../../providers/aws/kinds.ts";
import { ProviderError } from "../../../providers/errors.ts";
import type { Discovery } from "../../../providers/provider.ts";
import { type AwsWorld, accountId, setupAws, soon } from "../../support/aws.ts";
import { failureOf } from "../../support/failure.ts";

const regionalKinds = awsKinds.filter((kind) => !kind.isGlobal).length;

function regionsOf(discovery: Discovery): string[] {
  return [...new Set(discovery.scopes.map((scope) => scope.region))].toSorted();
}

describe("discovering an AWS account", () => {
  let world: AwsWorld;

  beforeEach(async () => {
    world = await setupAws();
  });

  afterEach(() => world.close());

  it("names the account that the key belongs to", async () => {
    const { identity } = await world.provider.discover(soon());
    expect(identity).to.deep.equal({
      accountId,
      displayName: `arn:aws:iam::${accountId}:user/inventory-reader`,
    });
  });

  it("makes a scope of every kind in every enabled region, and one of each global kind", async () => {
    const discovery = await world.provider.discover(soon());
    expect(discovery.assumed).to.equal(false);
    expect(regionsOf(discovery)).to.deep.equal(["eu-west-1", "global", "us-east-1"]);
    expect(discovery.scopes).to.have.length(2 * regionalKinds + 1);
    expect(discovery.scopes).to.deep.include({ accountId, region: "global", kind: "s3:bucket" });
  });

  it("narrows to the regions of the settings", async () => {
    const provider = world.open({ regions: ["eu-west-1", "mars-north-1"] });
    const discovery = await provider.discover(soon());
    expect(regionsOf(discovery)).to.deep.equal(["eu-west-1", "global"]);
  });

  it("takes an empty list of regions for no wish", async () => {
    const discovery = await world.open({ regions: [] }).discover(soon());
    expect(regionsOf(discovery)).to.deep.equal(["eu-west-1", "global", "us-east-1"]);
  });

  it("asks another region when the first one denies", async () => {
    const operation = "ec2:DescribeRegions";
    world.aws.faults.push({ operation, region: "us-east-1", effect: { kind: "deny" } });
    const discovery = await world.open({ regions: ["eu-west-1"] }).discover(soon());
    expect(discovery.assumed).to.equal(false);
    expect(regionsOf(discovery)).to.deep.equal(["eu-west-1", "global"]);
  });

  it("assumes the regions of the settings when all deny", async () => {
    world.aws.faults.push({ operation: "ec2:DescribeRegions", effect: { kind: "deny" } });
    const discovery = await world.open({ regions: ["eu-west-3"] }).discover(soon());
    expect(discovery.assumed).to.equal(true);
    expect(regionsOf(discovery)).to.deep.equal(["eu-west-3", "global"]);
  });

  it("assumes the regions that every account has when all deny and no settings help", async () => {
    world.aws.faults.push({ operation: "ec2:DescribeRegions", effect: { kind: "deny" } });
    const discovery = await world.provider.discover(soon());
    expect(discovery.assumed).to.equal(true);
    expect(regionsOf(discovery)).to.have.length(18);
    expect(world.aws.faults.callsOf("ec2:DescribeRegions")).to.have.length(4);
  });

  it("assumes nothing during an outage", async () => {
    const effect = { kind: "error", status: 503 } as const;
    world.aws.faults.push({ operation: "ec2:DescribeRegions", effect });
    const error = await failureOf(world.provider.discover(soon()), ProviderError);
    expect(error.code).to.equal("PROVIDER_UNAVAILABLE");
  });

  it("fails when the key is not accepted", async () => {
    world.account.keys.set(world.credential.accessKey, { secretKey: "other", revoked: false });
    const error = await failureOf(world.provider.discover(soon()), ProviderError);
    expect(error).to.include({ code: "CREDENTIAL_REJECTED", nativeCode: "SignatureDoesNotMatch" });
  });
});
