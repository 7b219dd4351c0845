import { expect } from "chai";
import { after, before, type Context, describe, it } from "mocha";
import type { JobRun } from "../../entities/job-run.ts";
import { openAwsAccount, openAzureAccount } from "../../local/accounts.ts";
import type { QueueName } from "../../queues/contract.ts";
import { findBinary } from "../../terraform/binary.ts";
import { killGroup } from "../../terraform/process.ts";
import { isAlive } from "../../terraform/process-identity.ts";
import { restatedDays } from "../../workers/cost-source.ts";
import { readStoredState } from "../../workers/terraform-state.ts";
import {
  type HeldApply,
  holdApply,
  holdCosts,
  holdHealthCheck,
  holdSync,
} from "../support/held-jobs.ts";
import { readMetric } from "../support/metrics.ts";
import { requireTerraform } from "../support/terraform.ts";
import { type TestWorld, testWorld } from "../support/test-world.ts";
import { until } from "../support/until.ts";

const resources = 600;

/**
 * One worker is killed in the middle of a job of every kind, while another one is there. Redis takes up to 25 s to
 * notice, so all jobs wait for it together.
 */
describe("a worker killed with SIGKILL", function () {
  this.timeout(120_000);
  let world: TestWorld;
  let applies: { survivor: HeldApply; victim: HeldApply } | null = null;
  let survivedUntilAdopted = false;
  let survivorUrl = "";
  let killedAt = 0;
  const runs = new Map<string, JobRun>();

  before(async () => {
    world = await testWorld();
    const aws = openAwsAccount(world.aws, { seed: 11, resources });
    const azure = openAzureAccount(world.azure, { seed: 12, resources: 10 });
    const { userId, credentialIds } = await world.addUser(aws, azure);
    const [awsId = 0, azureId = 0] = credentialIds;
    const first = await world.startWorker();
    if (await hasTerraform()) applies = await holdApplies(userId);
    const sync = await holdSync(world, { userId, credentialId: awsId });
    const costs = await holdCosts(world, { userId, credentialId: awsId });
    const health = await holdHealthCheck(world, { userId, credentialId: azureId });
    survivorUrl = await startSurvivor();

    killedAt = Date.now();
    await first.kill();
    await health.release();
    const end = async (name: string, queue: QueueName, jobId: string): Promise<void> => {
      runs.set(name, await world.ended(queue, jobId));
    };
    const endApplies = async ({ survivor, victim }: NonNullable<typeof applies>): Promise<void> => {
      await killGroup(victim.process);
      victim.hold.release();
      const what = "another worker has adopted terraform";
      await until(async () => isAdopted(survivor.jobId), { timeoutMs: 40_000, what });
      survivedUntilAdopted = await isAlive(survivor.process);
      survivor.hold.release();
      await end("survivor", "terraform-apply", survivor.jobId);
      await end("victim", "terraform-apply", victim.jobId);
    };
    await Promise.all([
      end("sync", "sync", sync),
      end("cost-ingest", "cost-ingest", costs),
      end("health-check", "health-check", health.jobId),
      applies && endApplies(applies),
    ]);
  });
  after(async () => world?.close());

  /** Another worker; returns where it serves its metrics. */
  async function startSurvivor(): Promise<string> {
    const { log } = await world.startWorker({ HEALTH_PORT: "0" });
    return String(log.find(({ msg }) => msg === "health server listens")?.["url"]);
  }

  async function hasTerraform(): Promise<boolean> {
    const { PATH: searchPath } = world.environment;
    return findBinary({ searchPath }).then(
      () => true,
      () => false,
    );
  }

  async function holdApplies(user: number) {
    const onAzure = { user, provider: "azure", region: "westeurope" };
    const survivor = await holdApply(world, onAzure, "azurerm_virtual_network");
    const onAws = { user, provider: "aws", region: "eu-central-1" };
    return { survivor, victim: await holdApply(world, onAws, "aws_subnet") };
  }

  /** The held applies. Skips the test, saying so, where there is no terraform. */
  async function requireApplies(test: Context): Promise<NonNullable<typeof applies>> {
    await requireTerraform(test);
    if (!applies) throw new Error("nothing was applied");
    return applies;
  }

  async function isAdopted(jobId: string): Promise<boolean> {
    const { logs } = await world.queues["terraform-apply"].getJobLogs(jobId);
    return logs.some((line) => line.startsWith("adopted"));
  }

  /** How many jobs the other worker put back: nobody else can have. */
  async function stalled(queue: string): Promise<number> {
    return readMetric(survivorUrl, `mcw_jobs_stalled_total{queue="${queue}"}`);
  }

  async function terraformRuns({ resourceId }: HeldApply) {
    const rows: { state: string; error_message: string | null }[] = await world.database.query(
      "SELECT state, error_message FROM terraform_runs WHERE resource_id = $1 ORDER BY started_at",
      [resourceId],
    );
    return rows;
  }

  /** Text of the newest stored state. */
  async function storedState({ resourceId }: HeldApply): Promise<string> {
    const state = await readStoredState(world.keys, world.database.manager, resourceId);
    return Buffer.from(state?.bytes ?? []).toString();
  }

  for (const queue of ["sync", "cost-ingest", "health-check"]) {
    it(`leaves its ${queue} job to another worker, which starts it again within 25 s`, async function () {
      const run = runs.get(queue);
      expect(run).to.include({ state: "done", starts: 2, crashes: 1, attempt: 1 });
      const restartedMs = (run?.startedAt?.getTime() ?? Number.NaN) - killedAt;
      expect(restartedMs).to.be.within(0, 25_000);
      expect(await stalled(queue)).to.equal(1);
      if (this.test) this.test.title += ` (${(restartedMs / 1_000).toFixed(1)} s)`;
    });
  }

  it("leaves an inventory that holds each resource once", async () => {
    const regions = [...(world.aws.accounts.get("100000000011")?.regions.values() ?? [])];
    const instances = regions.flatMap((region) => region.instances);
    const gone = instances.filter(({ State }) => State?.Name === "terminated").length;
    const [rows] = await world.database.query(
      "SELECT count(*)::int AS count, count(DISTINCT resource_id)::int AS ids FROM resource_inventory",
    );

    expect(rows).to.deep.equal({ count: resources - gone, ids: resources - gone });
  });

  it("leaves one cost load, whose sum is exactly what the cloud bills", async () => {
    const { start, end } = restatedDays(runs.get("cost-ingest")?.startedAt ?? new Date(Number.NaN));
    const billed = (world.aws.accounts.get("100000000011")?.costs ?? [])
      .filter(({ date }) => date >= start && date < end)
      .map(({ amount }) => amount);
    const [sums] = await world.database.query(
      `SELECT (SELECT sum(cost) FROM cost_data) = (SELECT sum(a::numeric) FROM unnest($1::text[]) a) AS equal`,
      [billed],
    );

    expect(await world.database.query("SELECT state FROM cost_loads")).to.deep.equal([
      { state: "loaded" },
    ]);
    expect(sums).to.deep.equal({ equal: true });
  });

  it("leaves one health result", async () => {
    const results = await world.database.query("SELECT status FROM provider_health");

    expect(results).to.deep.equal([{ status: "healthy" }]);
  });

  it("leaves its terraform running, and the next worker follows that one to its end", async function () {
    const { survivor } = await requireApplies(this);
    expect(await stalled("terraform-apply")).to.equal(2);
    expect(survivedUntilAdopted).to.equal(true);
    expect(runs.get("survivor")).to.include({ state: "done", starts: 2, crashes: 1 });
    expect(await terraformRuns(survivor)).to.deep.equal([
      { state: "applied", error_message: null },
    ]);
    const created = world.terraform.cloud.objects.filter(({ type }) => type.startsWith("azurerm_"));
    const state = await storedState(survivor);
    expect(created.map(({ type }) => type)).to.have.members([
      "azurerm_resource_group",
      "azurerm_virtual_network",
      "azurerm_subnet",
    ]);
    for (const { id } of created) expect(state).to.include(`"${id}"`);
  });

  it("says what nobody knows when its terraform is killed too, and applies anew", async function () {
    const { victim } = await requireApplies(this);
    const [lost, next, ...others] = await terraformRuns(victim);
    const state = await storedState(victim);
    const created = world.terraform.cloud.objects.filter(({ type }) => type.startsWith("aws_"));
    const unknown = created.filter(({ id }) => !state.includes(`"${id}"`));

    expect(runs.get("victim")).to.include({ state: "done" });
    expect(lost).to.include({ state: "unknown" });
    expect(lost?.error_message).to.include("create of aws_subnet.this was under way");
    expect(next).to.include({ state: "applied" });
    expect(others).to.deep.equal([]);
    expect(unknown.map(({ type }) => type)).to.deep.equal(["aws_subnet"]);
  });
});
