import { existsSync } from "node:fs";
import {
  copyFile,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { ingestCosts } from "../../workers/cost-ingest.ts";
import type { FinishedRun } from "../../workers/run-job.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";

const sample = join(import.meta.dirname, "../../../shared/data/focus-1.0-sample.csv");

const header =
  "BilledCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,ChargeCategory,ProviderName,ServiceName,ResourceId,SubAccountId";
const row = (cost: string, service = "S3", day = "2024-09-01", currency = "USD"): string =>
  `${cost},${currency},2024-09-01 00:00:00,${day} 00:00:00,Usage,AWS,${service},NULL,1`;
/** A line of another provider or billing period. */
const lineOf = (cost: string, provider: string, period = "2024-09", service = "S3"): string =>
  `${cost},USD,${period}-01 00:00:00,${period}-02 00:00:00,Usage,${provider},${service},NULL,1`;

/** A time of the last change that tells nothing. */
const longAgo = new Date("2024-01-01T00:00:00Z");

/** Puts another bill of the same length, sum and time in the place of a file, as `cp -p` and `mv` would. */
async function swap(path: string): Promise<void> {
  await writeFile(`${path}.new`, [header, row("5", "S4"), ""].join("\n"));
  await utimes(`${path}.new`, longAgo, longAgo);
  await rename(`${path}.new`, path);
}

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

  it("holds a bill of which one provider or one period shrank, however small its share", async () => {
    const aws = lineOf("1000", "AWS");
    await write(aws, lineOf("10", "Microsoft"), lineOf("10", "AWS", "2024-08"));
    await ingest();
    const before = await sums();

    for (const [shrunk, reason] of [
      [[aws, lineOf("4", "Microsoft")], "azure 2024-09: 4 USD of charges where 10 USD were"],
      [[aws, lineOf("4", "AWS", "2024-08")], "aws 2024-08: 4 USD of charges where 10 USD were"],
    ] as const) {
      await write(...shrunk);
      const { outcome } = await ingest();

      expect(outcome).to.include({ kind: "held", code: "COST_LOAD_SUSPICIOUS" });
      expect(outcome).to.have.property("message").that.includes(reason);
      expect(await sums()).to.deep.equal(before);
    }
  });

  it("holds a cut bill although credits pay for all of it, and none for a credit that came later", async () => {
    await write(row("100"), row("50", "EC2"), row("-150", "Credits"));
    await ingest();
    await write(row("100"), row("50", "EC2"), row("-180", "Credits"));
    const credited = await ingest();
    await write(row("60"));

    const cut = await ingest();

    expect(credited.outcome).to.have.deep.nested.property("result.totals", { USD: "-30" });
    expect(cut.outcome).to.include({ kind: "held", code: "COST_LOAD_SUSPICIOUS" });
  });

  it("holds a file of a header only where lines were, and takes it when there were none", async () => {
    await write();
    const first = await ingest();
    await write(row("5"));
    await ingest();
    await write();

    const second = await ingest();

    expect(first.outcome).to.have.nested.property("result.rows", 0);
    expect(second.outcome).to.include({ kind: "held", code: "COST_LOAD_SUSPICIOUS" });
    expect(await sums()).to.deep.equal([{ provider: "aws", period: "2024-09", cost: "5" }]);
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

  it("tries again when the folder cannot be read, without naming it", async () => {
    await rm(folder, { recursive: true });

    const { outcome } = await ingest();

    expect(outcome).to.include({ kind: "retry", code: "COST_FILES_UNAVAILABLE" });
    expect(outcome).to.have.property("message").that.includes("ENOENT").and.not.includes(folder);
  });

  for (const [what, change] of [
    ["replaced", async (path: string) => writeFile(path, [header, row("6"), ""].join("\n"))],
    ["cut", async (path: string) => writeFile(path, `${header}\n1,2`)],
    ["removed", async (path: string) => rm(path)],
    ["swapped for one of the same size and time", swap],
  ] as const) {
    it(`tries again when the file was ${what} while it was read`, async () => {
      await write(row("5"));
      await utimes(join(folder, "bill.csv"), longAgo, longAgo);
      const changing: typeof ingestCosts = async (dependencies, payload, signal) => {
        // The first progress is told when the file's own sums are known and its lines are not read yet.
        const progress = async (percent: number): Promise<void> => {
          if (percent === 10) await change(join(folder, "bill.csv"));
        };
        return ingestCosts({ ...dependencies, progress }, payload, signal);
      };

      const { outcome } = await tenant.run("cost-ingest", changing, { credentialId });

      expect(outcome).to.include({ kind: "retry", code: "COST_FILE_CHANGED" });
      expect(await sums()).to.deep.equal([]);
    });
  }

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
