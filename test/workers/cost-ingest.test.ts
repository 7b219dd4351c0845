import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { fillCosts } from "../../local/clouds/aws/generate.ts";
import { ingestCosts } from "../../workers/cost-ingest.ts";
import { restatedDays } from "../../workers/cost-source.ts";
import type { FinishedRun } from "../../workers/run-job.ts";
import { type AwsWorld, setupAws } from "../support/aws.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";

const sample = join(import.meta.dirname, "../../../shared/data/focus-1.0-sample.csv");

const header =
  "BilledCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,ChargeCategory,ProviderName,ServiceName,ResourceId,SubAccountId";
const row = (cost: string, service = "S3", day = "2024-09-01", currency = "USD"): string =>
  `${cost},${currency},2024-09-01 00:00:00,${day} 00:00:00,Usage,AWS,${service},NULL,1`;

describe("ingestCosts from a FOCUS file", () => {
  let folder: string;
  let tenant: TestTenant;
  let credentialId: number;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "multicloud-costs-"));
    tenant = await testTenant({}, { costFilesDirectory: folder });
    credentialId = await add("bill.csv");
  });
  afterEach(async () => {
    await tenant.close();
    await rm(folder, { recursive: true, force: true });
  });

  const add = async (path: string): Promise<number> =>
    tenant.addCredential({
      provider: "aws",
      secrets: { access_key: "AKIA", secret_key: "secret" },
      settings: { cost: { source: "focus-file", path } },
    });
  const write = async (...rows: string[]): Promise<void> =>
    writeFile(join(folder, "bill.csv"), [header, ...rows, ""].join("\n"));
  const ingest = async (payload: Record<string, unknown> = {}): Promise<FinishedRun> =>
    tenant.run("cost-ingest", ingestCosts, { credentialId, ...payload });
  const query = async (sql: string): Promise<unknown> => tenant.database.query(sql);
  const sums = async (): Promise<unknown> =>
    query(
      `SELECT provider, billing_period AS period, trim_scale(sum(cost))::text AS cost
       FROM cost_data GROUP BY 1, 2 ORDER BY 1, 2`,
    );

  it("stores every published total of the real sample exactly, once or twice ingested", async function () {
    if (!existsSync(sample)) {
      process.stderr.write("    skipped: the FOCUS sample is not beside the repository\n");
      this.skip();
    }
    await copyFile(sample, join(folder, "bill.csv"));
    const published = [
      { provider: "aws", period: "2024-09", cost: "18.0066386184" },
      { provider: "azure", period: "2024-09", cost: "1.97651418586" },
      { provider: "oracle", period: "2024-09", cost: "0.29707392473" },
      { provider: "oracle", period: "2024-10", cost: "0.24" },
    ];

    const first = await ingest();
    expect(first.outcome).to.have.deep.nested.property("result.totals", { USD: "20.52022672899" });
    expect(await sums()).to.deep.equal(published);

    const again = await ingest();
    expect(again.outcome).to.have.nested.property("result.unchanged", true);
    const forced = await ingest({ force: true });
    expect(forced.outcome).to.have.nested.property("result.rows", 973);
    expect(await sums()).to.deep.equal(published);
    expect(await query("SELECT count(*)::int AS rows FROM cost_data")).to.deep.equal([
      { rows: 973 },
    ]);
  });

  it("keeps digits that a float or two decimal places would lose", async () => {
    await write(
      row("0.0000000000000000000000000001"),
      row("6.4E-8", "EC2"),
      row("123456789012.99"),
    );

    await ingest();

    expect(await sums()).to.deep.equal([
      { provider: "aws", period: "2024-09", cost: "123456789012.9900000640000000000000000001" },
    ]);
  });

  it("replaces a restated bill whole: what is gone from it goes, other periods stay", async () => {
    await write(row("5", "S3"), row("7", "EC2"));
    await ingest();
    await write(row("6", "S3"), row("1", "Lambda"));

    await ingest();

    const services = await query("SELECT service FROM cost_data ORDER BY service");
    expect(services).to.deep.equal([{ service: "Lambda" }, { service: "S3" }]);
    expect(await sums()).to.deep.equal([{ provider: "aws", period: "2024-09", cost: "7" }]);
  });

  it("never adds up two currencies", async () => {
    await write(row("5"), row("7", "S3", "2024-09-01", "EUR"));

    const { outcome } = await ingest();

    expect(outcome).to.have.deep.nested.property("result.totals", { EUR: "7", USD: "5" });
  });

  it("holds a bill that shrank to less than half, keeps the old one, and takes it when forced", async () => {
    await write(row("100"));
    await ingest();
    await write(row("40"));

    const held = await ingest();

    expect(held.outcome).to.include({ kind: "held", code: "COST_LOAD_SUSPICIOUS" });
    expect(await sums()).to.deep.equal([{ provider: "aws", period: "2024-09", cost: "100" }]);
    expect(await query("SELECT state FROM cost_loads ORDER BY id")).to.deep.equal([
      { state: "loaded" },
      { state: "held" },
    ]);
    await ingest({ force: true });
    expect(await sums()).to.deep.equal([{ provider: "aws", period: "2024-09", cost: "40" }]);
  });

  it("refuses a file with one bad line whole, naming row and column", async () => {
    await write(row("1"), row("one"));

    const { outcome } = await ingest();

    expect(outcome).to.include({ kind: "give-up", code: "COST_FILE_BAD_VALUE" });
    expect(outcome)
      .to.have.property("message")
      .that.matches(/BilledCost/);
    expect(await sums()).to.deep.equal([]);
  });

  it("refuses paths that leave the operator's folder", async () => {
    await symlink("/etc/passwd", join(folder, "link.csv"));
    for (const path of ["../bill.csv", "/etc/passwd", "link.csv"]) {
      const id = await add(path);
      const { outcome } = await tenant.run("cost-ingest", ingestCosts, { credentialId: id });
      expect(outcome, path).to.include({ kind: "give-up", code: "COST_FILE_PATH_REFUSED" });
    }
  });

  it("gives the same totals when two workers load at once", async () => {
    await write(...Array.from({ length: 500 }, (_, index) => row("0.01", `service-${index}`)));

    const ends = await Promise.all([ingest(), ingest({ force: true }), ingest({ force: true })]);

    expect(ends.map(({ outcome }) => outcome.kind)).to.deep.equal(["done", "done", "done"]);
    expect(await sums()).to.deep.equal([{ provider: "aws", period: "2024-09", cost: "5" }]);
  });

  it("keeps the old bill when the load breaks between delete and insert", async () => {
    await write(row("100"));
    await ingest();
    await query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$`,
    );
    await query("CREATE TRIGGER refuse BEFORE INSERT ON cost_data EXECUTE FUNCTION refuse()");
    await write(row("101"));

    const { outcome } = await ingest();

    expect(outcome.kind).to.equal("retry");
    expect(await sums()).to.deep.equal([{ provider: "aws", period: "2024-09", cost: "100" }]);
  });

  it("keeps users apart", async () => {
    await write(row("5"));
    const stranger = await tenant.addUser();

    const { outcome } = await ingest({ userId: stranger });

    expect(outcome).to.include({ code: "CREDENTIAL_NOT_FOUND" });
    expect(await readFile(join(folder, "bill.csv"), "utf8")).to.include("BilledCost");
    expect(await sums()).to.deep.equal([]);
  });
});

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
