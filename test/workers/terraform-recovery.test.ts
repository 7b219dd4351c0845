import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Resource } from "../../entities/resource.ts";
import { TerraformRun, type TerraformRunState } from "../../entities/terraform-run.ts";
import { TerraformState } from "../../entities/terraform-state.ts";
import { killGroup } from "../../terraform/process.ts";
import { workDirectoryAt } from "../../terraform/work-directory.ts";
import { HandBackError } from "../../workers/errors.ts";
import { abandonApply } from "../support/abandoned-apply.ts";
import { azureCredential, requireTerraform } from "../support/terraform.ts";
import { awsKeys, type TerraformTenant, terraformTenant } from "../support/terraform-tenant.ts";
import { until } from "../support/until.ts";

describe("applyTerraform and what earlier runs left", function () {
  this.timeout(60_000);
  let binary: string;
  let tenant: TerraformTenant;

  beforeEach(async function () {
    binary = await requireTerraform(this);
    tenant = await terraformTenant(binary);
    await tenant.addCredential({ provider: "aws", secrets: awsKeys });
  });
  afterEach(async () => tenant?.close());

  const left = async (resourceId: number, directory: string, stage: string): Promise<string> => {
    const id = randomUUID();
    const state: TerraformRunState = "running";
    const place = { process: { host: hostname(), directory } };
    const row = { id, resourceId, jobRunId: randomUUID(), action: "apply", state, stage, ...place };
    await tenant.database.getRepository(TerraformRun).save(row);
    return id;
  };
  const directoryOf = async (): Promise<string> =>
    String((await tenant.runs()).at(-1)?.process?.["directory"]);

  it("says what is unknown when the directory of a run that applied is gone", async () => {
    const id = await tenant.addResource();
    await left(id, join(tenant.root, "gone"), "applying");

    await tenant.work(id, "apply");

    const [lost] = await tenant.runs();
    expect(lost).to.include({ state: "unknown" });
    expect(lost?.errorMessage).to.match(
      /created or destroyed since its last stored state is unknown/,
    );
  });

  it("says so when terraform had to be killed after it was asked to stop", async () => {
    const id = await tenant.addResource();
    const held = { type: "aws_s3_bucket", action: "create", ignoreStop: true } as const;
    const hold = tenant.fakes.faults.hold(held);
    const stopping = new AbortController();
    const result = tenant.work(id, "apply", stopping.signal);
    await hold.reached;
    stopping.abort(new HandBackError());
    const { log } = workDirectoryAt(await directoryOf()).processFiles("apply");
    await until(async () => (await readFile(log, "utf8")).includes("Stopping operation"), {
      what: "terraform has heard the interrupt",
    });
    await killGroup(await tenant.applyProcess());

    expect((await result).outcome).to.deep.equal({ kind: "hand-back" });
    hold.release();
    const [run] = await tenant.runs();
    expect(run).to.include({ state: "unknown" });
    expect(run?.errorMessage).to.include("create of aws_s3_bucket.this was under way");
    expect((await tenant.resource(id)).status).to.equal("provisioning");
  });

  it("says so when a provider's plugin dies", async () => {
    const id = await tenant.addResource();
    const hold = tenant.fakes.faults.hold({ type: "aws_s3_bucket", action: "create" });
    const result = tenant.work(id, "apply");
    await hold.reached;

    tenant.fakes.close();

    expect((await result).outcome).to.include({ kind: "retry", code: "TERRAFORM_FAILED" });
    hold.release();
    const [run] = await tenant.runs();
    expect(run).to.include({ state: "unknown" });
    expect(run?.errorMessage).to.include("create of aws_s3_bucket.this was under way");
  });

  it("follows another job's apply to its end, then does what it was asked for itself", async () => {
    const { clientSecret, tenantId, clientId, subscriptionId } =
      azureCredential.provider === "azure" ? azureCredential : expect.fail();
    const secrets = { tenant_id: tenantId, client_id: clientId, client_secret: clientSecret };
    await tenant.addCredential({
      provider: "azure",
      secrets: { ...secrets, subscription_id: subscriptionId },
    });
    const spec = { region: "westeurope" };
    const id = await tenant.addResource({ provider: "azure", type: "network", spec });
    const directory = join(tenant.root, "left");
    const { fakes } = tenant;
    const { hold } = await abandonApply({ binary, directory, fakes }, "azurerm_virtual_network");
    await left(id, directory, "applying");
    const changed = { spec: { ...spec, tags: { team: "blue" } } };
    await tenant.database.getRepository(Resource).update(id, changed);
    hold.release();

    const { outcome } = await tenant.work(id, "apply");

    expect(outcome).to.include({ kind: "done" });
    const [network] = fakes.cloud.ofType("azurerm_virtual_network");
    expect(network?.attributes["tags"]).to.deep.equal({ team: "blue" });
    expect((await tenant.runs()).map(({ state }) => state)).to.deep.equal(["applied", "applied"]);
  });

  it("stores what terraform could only write beside its state, as on a full disk", async () => {
    const id = await tenant.addResource();
    const hold = tenant.fakes.faults.hold({ type: "aws_s3_bucket", action: "create" });
    const error = { summary: "AccessDenied" };
    tenant.fakes.faults.add({ type: "aws_s3_bucket_versioning", action: "create", error });
    const result = tenant.work(id, "apply");
    await hold.reached;
    const { erroredState } = workDirectoryAt(await directoryOf());
    const state = { version: 4, serial: 99, lineage: "l", outputs: {}, resources: [] };
    await writeFile(erroredState, JSON.stringify(state));
    hold.release();
    await result;

    expect(await tenant.stored(id)).to.include({ serial: 99 });
  });

  it("does not go on when another worker has taken the run for lost", async () => {
    const id = await tenant.addResource();
    const hold = tenant.fakes.faults.hold({ action: "configure" });
    const result = tenant.work(id, "apply");
    await hold.reached;
    await tenant.database.query("UPDATE terraform_runs SET state = 'failed'");
    hold.release();

    expect((await result).outcome).to.include({ kind: "retry", code: "TERRAFORM_FAILED" });
    expect(tenant.fakes.cloud.objects).to.deep.equal([]);
  });

  it("goes on from a plain state that others stored", async () => {
    const id = await tenant.addResource();
    await tenant.work(id, "apply");
    const plain = Buffer.from((await tenant.stored(id))?.bytes ?? []).toString();
    await tenant.database.query("UPDATE terraform_states SET state_data = $1", [plain]);

    const { outcome } = await tenant.work(id, "apply");

    expect(outcome).to.have.property("result").that.includes({ applied: false });
    const states = await tenant.database.getRepository(TerraformState).find();
    expect(states.map(({ version }) => version)).to.have.length(2);
  });

  it("neither creates nor destroys while the stored state cannot be read", async () => {
    const id = await tenant.addResource();
    await tenant.work(id, "apply");
    const before = tenant.fakes.cloud.objects.length;
    const damage = [
      `jsonb_set(state_data, '{sealed}', '"v1.other.AAAA.BBBB"')`,
      `jsonb_set(state_data, '{sealed}', to_jsonb(reverse(state_data ->> 'sealed')))`,
      `'{"version": 3}'`,
    ];
    for (const value of damage) {
      await tenant.database.query(
        `INSERT INTO terraform_states (resource_id, state_data, version)
         SELECT resource_id, ${value}, (SELECT max(version) + 1 FROM terraform_states)
         FROM terraform_states WHERE version = (SELECT min(version) FROM terraform_states)`,
      );
      const { outcome } = await tenant.work(id, "destroy");
      expect(outcome).to.include({ kind: "give-up", code: "TERRAFORM_STATE_UNREADABLE" });
    }
    expect(tenant.fakes.cloud.objects).to.have.length(before);
  });
});
