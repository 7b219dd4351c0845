import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { fillCosts } from "../../local/clouds/aws/generate.ts";
import { ingestCosts } from "../../workers/cost-ingest.ts";
import { restatedDays } from "../../workers/cost-source.ts";
import type { FinishedRun } from "../../workers/run-job.ts";
import { type AwsWorld, setupAws } from "../support/aws.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";

describe("ingestCosts from Cost Explorer", () => {
  let world: AwsWorld;
  let tenant: TestTenant;
  let credentialId: number;

  beforeEach(async () => {
    world = await setupAws({ largestPage: 40 });
    tenant = await testTenant({ aws: world.aws.url });
    const { accessKey, secretKey } = world.credential;
    const secrets = { access_key: accessKey, secret_key: secretKey };
    credentialId = await tenant.addCredential({ provider: "aws", secrets });
  });
  afterEach(async () => {
    await tenant.close();
    await world.close();
  });

  const ingest = async (): Promise<FinishedRun> =>
    tenant.run("cost-ingest", ingestCosts, {
      credentialId,
      start: "2024-09-01",
      end: "2024-10-01",
    });

  it("loads all pages, aggregated per service and day, and changes nothing when asked again", async () => {
    fillCosts(world.account, { seed: 1, start: "2024-09-01", days: 30 });
    const wanted = new Set(world.account.costs.map(({ date, service }) => `${date} ${service}`));

    const first = await ingest();
    const versions = await tenant.database.query("SELECT max(xmin::text) FROM cost_data");
    const again = await ingest();

    expect(first.outcome).to.have.nested.property("result.rows", wanted.size);
    expect(again.outcome.kind).to.equal("done");
    expect(await tenant.database.query("SELECT max(xmin::text) FROM cost_data")).to.deep.equal(
      versions,
    );
  });

  it("tries again later when Cost Explorer refuses a page, and keeps what was there", async () => {
    fillCosts(world.account, { seed: 1, start: "2024-09-01", days: 30 });
    await ingest();
    const before: unknown = await tenant.database.query("SELECT count(*) FROM cost_data");
    world.aws.faults.push({ operation: "ce:*", page: 2, effect: { kind: "throttle" } });

    const { outcome } = await ingest();

    expect(outcome).to.include({ kind: "retry", code: "THROTTLED" });
    expect(await tenant.database.query("SELECT count(*) FROM cost_data")).to.deep.equal(before);
  });

  it("refuses a window that ends before it starts, naming the field", async () => {
    const run = async (payload: Record<string, unknown>): Promise<FinishedRun> =>
      tenant.run("cost-ingest", ingestCosts, { credentialId, ...payload });

    const late = await run({ start: "2999-01-01" });
    const early = await run({ end: "2020-01-01" });

    for (const [{ outcome }, path] of [
      [late, "/start"],
      [early, "/end"],
    ] as const) {
      expect(outcome).to.include({ kind: "give-up", code: "INVALID_PAYLOAD" });
      expect(outcome)
        .to.have.property("message")
        .that.matches(new RegExp(`^${path}: expected a day`));
    }
  });

  it("reads what AWS still restates: this month, and the last one until the tenth", () => {
    expect(restatedDays(new Date("2026-03-10T23:00:00Z"))).to.deep.equal({
      start: "2026-02-01",
      end: "2026-03-11",
    });
    expect(restatedDays(new Date("2026-03-31T23:00:00Z"))).to.deep.equal({
      start: "2026-03-01",
      end: "2026-04-01",
    });
  });
});
