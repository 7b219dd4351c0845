import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Resource } from "../../entities/resource.ts";
import { TerraformRun } from "../../entities/terraform-run.ts";
import { TerraformState } from "../../entities/terraform-state.ts";
import { type FakeProviders, startFakeProviders } from "../../local/terraform/server.ts";
import { findProcess } from "../../terraform/process.ts";
import { parseState } from "../../terraform/state.ts";
import { workDirectoryAt } from "../../terraform/work-directory.ts";
import { HandBackError } from "../../workers/errors.ts";
import type { FinishedRun } from "../../workers/run-job.ts";
import { applyTerraform } from "../../workers/terraform-apply.ts";
import { readStoredState } from "../../workers/terraform-state.ts";
import { saveLeftRun } from "../support/abandoned-apply.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { requireTerraform } from "../support/terraform.ts";
import { until } from "../support/until.ts";

const keys = { access_key: "AKIAIOSFODNN7EXAMPLE", secret_key: "wJalrXUtnFEMI/simulated" };

describe("applyTerraform", () => {
  let fakes: FakeProviders;
  let root: string;
  let tenant: TestTenant;

  beforeEach(async function () {
    const binary = await requireTerraform(this);
    fakes = await startFakeProviders();
    root = await mkdtemp(join(tmpdir(), "multicloud-test-runs-"));
    const terraform = {
      binary,
      workDirectory: root,
      providerMirror: null,
      reattachProviders: fakes.reattach,
    };
    tenant = await testTenant({}, { terraform });
    await tenant.addCredential({ provider: "aws", secrets: keys });
  });
  afterEach(async () => {
    await tenant?.close();
    fakes?.close();
    await rm(root, { recursive: true, force: true });
  });

  const addResource = async (changes: Partial<Resource> = {}): Promise<number> => {
    const wanted = { userId: tenant.userId, name: "shop", provider: "aws", type: "storage" };
    const row = { ...wanted, spec: { region: "eu-central-1" }, ...changes };
    return (await tenant.database.getRepository(Resource).save(row)).id;
  };
  const run = async (id: number, action: string, signal?: AbortSignal): Promise<FinishedRun> =>
    tenant.run("terraform-apply", applyTerraform, { resourceId: id, action }, signal);
  const resource = async (id: number): Promise<Resource> =>
    tenant.database.getRepository(Resource).findOneByOrFail({ id });
  const runs = async (): Promise<TerraformRun[]> =>
    tenant.database.getRepository(TerraformRun).find({ order: { startedAt: "ASC" } });
  const stored = async (id: number) => {
    const state = await readStoredState(tenant.services.secrets, tenant.database.manager, id);
    return state && parseState(state.bytes);
  };

  it("applies a resource, stores its sealed state and its outputs, and destroys it again", async () => {
    const id = await addResource();

    const applied = await run(id, "apply");

    expect(applied.outcome).to.deep.include({ kind: "done" });
    const active = await resource(id);
    expect(active.status).to.equal("active");
    expect(active.terraformOutput).to.have.property("id");
    expect(fakes.cloud.ofType("aws_s3_bucket")).to.have.length(1);
    expect((await stored(id))?.managedInstances).to.be.greaterThan(0);
    const [state] = await tenant.database.getRepository(TerraformState).findBy({ resourceId: id });
    expect(JSON.stringify(state?.stateData)).not.to.include("aws_s3_bucket");

    const destroyed = await run(id, "destroy");

    expect(destroyed.outcome).to.deep.include({ kind: "done" });
    expect((await resource(id)).status).to.equal("destroyed");
    expect(fakes.cloud.objects).to.deep.equal([]);
    expect((await stored(id))?.managedInstances).to.equal(0);
    expect(await readdir(root)).to.deep.equal([]);
  });

  it("plans without touching anything, and says what it would do", async () => {
    const id = await addResource();

    const { outcome } = await run(id, "plan");

    expect(outcome).to.have.property("result").that.includes({ action: "plan", hasChanges: true });
    expect(fakes.cloud.objects).to.deep.equal([]);
    expect((await resource(id)).status).to.equal("pending");
  });

  it("finds that nothing is to be done the second time", async () => {
    const id = await addResource();
    await run(id, "apply");

    const { outcome } = await run(id, "apply");

    expect(outcome).to.have.property("result").that.includes({ applied: false });
    expect((await resource(id)).status).to.equal("active");
  });

  it("fails with the provider's own words and keeps what was created", async () => {
    const id = await addResource();
    const error = { summary: "BucketAlreadyExists" };
    fakes.faults.add({ type: "aws_s3_bucket", action: "create", error });

    const { outcome } = await run(id, "apply");

    expect(outcome).to.include({ kind: "give-up", code: "TERRAFORM_REFUSED" });
    expect(outcome).to.have.property("message").that.includes("BucketAlreadyExists");
    expect((await resource(id)).status).to.equal("failed");
    expect((await runs())[0]).to.include({ state: "failed" });
  });

  it("stops gently when the worker stops, keeps the state and goes on with a new plan", async () => {
    const id = await addResource({ type: "network" });
    const hold = fakes.faults.hold({ type: "aws_subnet", action: "create", ignoreStop: true });
    const stopping = new AbortController();
    const first = run(id, "apply", stopping.signal);
    await hold.reached;

    stopping.abort(new HandBackError());
    const [stopped] = await runs();
    await until(async () => (await applyLog(stopped)).includes("Stopping operation"), {
      what: "terraform has heard the interrupt",
    });
    hold.release();

    expect((await first).outcome).to.deep.equal({ kind: "hand-back" });
    expect((await stored(id))?.managedInstances).to.be.greaterThan(0);
    const second = await run(id, "apply");
    expect(second.outcome).to.include({ kind: "done" });
    expect(fakes.cloud.ofType("aws_vpc")).to.have.length(1);
    expect(fakes.cloud.ofType("aws_subnet")).to.have.length(1);
  });

  it("lets one job at a time work on a resource", async () => {
    const id = await addResource();
    const hold = fakes.faults.hold({ type: "aws_s3_bucket", action: "create" });
    const first = run(id, "apply");
    await hold.reached;

    const second = await run(id, "destroy");
    hold.release();

    expect(second.outcome).to.include({ kind: "postpone", code: "RESOURCE_BUSY" });
    expect((await first).outcome).to.include({ kind: "done" });
  });

  it("says what is unknown when terraform itself is killed while it creates", async () => {
    const id = await addResource();
    const hold = fakes.faults.hold({ type: "aws_s3_bucket", action: "create" });
    const result = run(id, "apply");
    await hold.reached;

    const pid = await until(async () => applyProcess((await runs())[0]), { what: "the process" });
    process.kill(pid ?? 0, "SIGKILL");
    await result;
    hold.release();

    const [killed] = await runs();
    expect(killed).to.include({ state: "unknown" });
    expect(killed?.errorMessage).to.match(/create of aws_s3_bucket\.\S+ was under way/);
    expect((await resource(id)).status).to.equal("provisioning");
  });

  it("holds a resource whose run was left on another machine, until somebody retries", async () => {
    const id = await addResource();
    const process = { host: "elsewhere", directory: join(root, "x") };
    await saveLeftRun(tenant.database, id, process);

    const { outcome } = await run(id, "apply");

    expect(outcome).to.include({ kind: "held", code: "TERRAFORM_RUN_UNKNOWN" });
    expect(fakes.cloud.objects).to.deep.equal([]);
    expect((await run(id, "apply")).outcome).to.include({ kind: "done" });
  });

  it("refuses what cannot work, naming the field", async () => {
    const stranger = await tenant.addUser();
    const foreign = await addResource({ userId: stranger });
    const odd = await addResource({ type: "castle" });
    const wrong = await addResource({ spec: { size: 7, colour: "red" } });

    expect((await run(foreign, "apply")).outcome).to.include({ code: "RESOURCE_NOT_FOUND" });
    expect((await run(odd, "apply")).outcome).to.include({ code: "UNKNOWN_MODULE" });
    const { outcome } = await run(wrong, "apply");
    expect(outcome).to.include({ kind: "give-up", code: "INVALID_SPEC" });
    expect(outcome)
      .to.have.property("message")
      .that.matches(/colour: the module has no such/);
  });
});

/** What the apply has written so far. */
async function applyLog(run: TerraformRun | undefined): Promise<string> {
  const directory = String(run?.process?.["directory"]);
  return readFile(workDirectoryAt(directory).processFiles("apply").log, "utf8");
}

/** The pid of the apply, once the run has got that far. */
async function applyProcess(run: TerraformRun | undefined): Promise<number | undefined> {
  const directory = run?.process?.["directory"];
  if (typeof directory !== "string") return undefined;
  return (await findProcess(workDirectoryAt(directory).processFiles("apply")))?.pid;
}
