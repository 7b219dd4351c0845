import { EC2 } from "@aws-sdk/client-ec2";
import { S3 } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { fillAccount, fillCosts } from "../../../local/clouds/aws/generate.ts";
import { type AwsWorld, accountId, setupAws } from "../../support/aws.ts";
import { failureOf } from "../../support/failure.ts";

describe("the simulated AWS", () => {
  let world: AwsWorld;

  beforeEach(async () => {
    world = await setupAws();
  });

  afterEach(() => world.close());

  /** What an SDK client needs to reach the simulation. */
  function clientOptions(facts: { accessKeyId?: string; secretAccessKey?: string } = {}) {
    const { accessKey, secretKey } = world.credential;
    const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey, ...facts };
    return { region: "eu-west-1", endpoint: world.aws.url, maxAttempts: 1, credentials };
  }

  function control(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${world.aws.url}/_simulation${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  for (const facts of [{ secretAccessKey: "wrong" }, { accessKeyId: "AKIAUNKNOWN" }]) {
    it(`refuses a request with a wrong ${Object.keys(facts)[0]}`, async () => {
      const ec2 = new EC2(clientOptions(facts));
      const error = await failureOf(ec2.describeVpcs({}), Error);
      expect(error.name).to.equal("AuthFailure");
      ec2.destroy();
    });
  }

  it("refuses a region that the account has not enabled", async () => {
    const ec2 = new EC2({ ...clientOptions(), region: "af-south-1" });
    const error = await failureOf(ec2.describeVpcs({}), Error);
    expect(error.name).to.equal("AuthFailure");
    ec2.destroy();
  });

  it("refuses page sizes that EC2 refuses and tokens that it did not give", async () => {
    const ec2 = new EC2(clientOptions());
    const size = await failureOf(ec2.describeVpcs({ MaxResults: 2 }), Error);
    const token = await failureOf(ec2.describeVpcs({ NextToken: "invented" }), Error);
    expect([size.name, token.name]).to.deep.equal(["InvalidParameterValue", "InvalidNextToken"]);
    ec2.destroy();
  });

  it("tells the region of a bucket only to those who ask for a page size", async () => {
    world.account.buckets.push({ Name: "b", BucketRegion: "eu-west-1", CreationDate: new Date() });
    const s3 = new S3(clientOptions());
    const unpaged = await s3.listBuckets({});
    const paged = await s3.listBuckets({ MaxBuckets: 10 });
    expect(unpaged.Buckets?.[0]?.BucketRegion).to.equal(undefined);
    expect(paged.Buckets?.[0]?.BucketRegion).to.equal("eu-west-1");
    s3.destroy();
  });

  it("keeps accounts apart and lets two keys open one", async () => {
    const other = { accessKey: "AKIAOTHER", secretKey: "s", accountId: "210987654321" };
    const stranger = world.aws.accounts.open({ ...other, regions: ["eu-west-1"] });
    const second = world.aws.accounts.open({
      ...other,
      accountId,
      accessKey: "AKIASECOND",
      regions: [],
    });
    expect(second).to.equal(world.account);
    expect(stranger).to.not.equal(world.account);
    world.ireland.vpcs.push({ VpcId: "vpc-1" });
    const ec2 = new EC2(clientOptions({ accessKeyId: "AKIAOTHER", secretAccessKey: "s" }));
    expect((await ec2.describeVpcs({})).Vpcs ?? []).to.have.length(0);
    ec2.destroy();
  });

  it("generates 3,000 resources in well under a second, the same ones for the same seed", async () => {
    const twin = await setupAws();
    const before = process.cpuUsage();
    fillAccount(world.account, { seed: 42, count: 3_000 });
    expect(process.cpuUsage(before).user).to.be.below(1_000_000);
    fillAccount(twin.account, { seed: 42, count: 3_000 });
    fillCosts(world.account, { seed: 1, start: "2026-07-01", days: 31 });
    fillCosts(twin.account, { seed: 1, start: "2026-07-01", days: 31 });
    await twin.close();
    expect(twin.account).to.deep.equal(world.account);
    const counts = [...world.account.regions.values()].flatMap((region) => Object.values(region));
    const total = counts.reduce((sum, items: unknown[]) => sum + items.length, 0);
    expect(total + world.account.buckets.length).to.equal(3_000);
  });

  it("takes rules from another process and shows it the calls", async () => {
    await control("POST", "/faults", { operation: "ec2:*", effect: { kind: "deny" } });
    const ec2 = new EC2(clientOptions());
    const error = await failureOf(ec2.describeVpcs({}), Error);
    expect(error.name).to.equal("UnauthorizedOperation");
    const calls = await (await control("GET", "/calls")).json();
    expect(calls).to.deep.equal([
      {
        operation: "ec2:DescribeVpcs",
        region: "eu-west-1",
        principal: world.credential.accessKey,
        page: 1,
        attempt: 1,
        effect: "deny",
      },
    ]);
    await control("DELETE", "/faults");
    await control("DELETE", "/calls");
    await ec2.describeVpcs({});
    expect(world.aws.faults.calls).to.have.length(1);
    ec2.destroy();
  });

  it("names the part of a rule that is wrong", async () => {
    const response = await control("POST", "/faults", [{ effect: { kind: "explode" } }]);
    expect(response.status).to.equal(400);
    expect(await response.text()).to.contain("effect");
  });

  it("lets another process open accounts, fill them and revoke keys", async () => {
    const key = { accessKey: "AKIANEW", secretKey: "s" };
    await control("POST", "/accounts", {
      ...key,
      accountId: "111111111111",
      regions: ["eu-west-1"],
    });
    await control("POST", "/accounts/111111111111/resources", { seed: 1, count: 100 });
    await control("POST", "/accounts/111111111111/costs", {
      seed: 1,
      start: "2026-07-01",
      days: 2,
    });
    const account = world.aws.accounts.get("111111111111");
    expect(account?.regions.get("eu-west-1")?.instances).to.have.length(45);
    expect(account?.costs).to.have.length(7);
    await control("PUT", "/keys/AKIANEW", { revoked: true });
    expect(account?.keys.get("AKIANEW")?.revoked).to.equal(true);
    expect((await control("PUT", "/keys/AKIANOBODY", { revoked: true })).status).to.equal(404);
    expect((await control("POST", "/accounts", { accountId: "1" })).status).to.equal(400);
  });
});
