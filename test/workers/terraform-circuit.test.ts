import { EventEmitter, once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { JobRun } from "../../entities/job-run.ts";
import { Resource } from "../../entities/resource.ts";
import { TerraformRun } from "../../entities/terraform-run.ts";
import { type FakeProviders, startFakeProviders } from "../../local/terraform/server.ts";
import { providerOpener } from "../../providers/open.ts";
import type { OpenProvider } from "../../providers/provider.ts";
import { killGroup } from "../../terraform/process.ts";
import type { ProcessIdentity } from "../../terraform/process-identity.ts";
import { CircuitBreaker } from "../../workers/circuit-breaker.ts";
import { circuitEntrance } from "../../workers/enter-circuit.ts";
import { guardProviders } from "../../workers/guard-provider.ts";
import type { FinishedRun } from "../../workers/run-job.ts";
import type { Services } from "../../workers/services.ts";
import { syncCredential } from "../../workers/sync.ts";
import { applyTerraform } from "../../workers/terraform-apply.ts";
import { type AbandonedApply, abandonApply, saveLeftRun } from "../support/abandoned-apply.ts";
import { type AwsWorld, setupAws } from "../support/aws.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { azureCredential, requireTerraform } from "../support/terraform.ts";
import { until } from "../support/until.ts";

const check = "sts:GetCallerIdentity";

describe("applyTerraform and the circuit of its provider", () => {
  let binary: string;
  let fakes: FakeProviders;
  let aws: AwsWorld;
  let root: string;
  let redis: TestRedis;
  let tenant: TestTenant;
  let credentialId: number;
  let adopted: ProcessIdentity | null;

  beforeEach(async function () {
    binary = await requireTerraform(this);
    adopted = null;
    redis = testRedis();
    fakes = await startFakeProviders();
    aws = await setupAws();
    root = await mkdtemp(join(tmpdir(), "multicloud-test-runs-"));
    const open = providerOpener({ aws: aws.aws.url });
    const terraform = {
      binary,
      workDirectory: root,
      providerMirror: null,
      reattachProviders: fakes.reattach,
    };
    tenant = await testTenant({}, { terraform, ...(await guarded(open)) });
    const { accessKey, secretKey } = aws.credential;
    const secrets = { access_key: accessKey, secret_key: secretKey };
    credentialId = await tenant.addCredential({ provider: "aws", secrets });
  });
  afterEach(async () => {
    if (adopted) await killGroup(adopted);
    await tenant?.close();
    await aws?.close();
    fakes?.close();
    await redis?.close();
    if (root) await rm(root, { recursive: true, force: true });
  });

  /** A breaker as another worker process has it. */
  const breaker = async (openMs = 60_000): Promise<CircuitBreaker> => {
    const connection = redis.connection();
    await connection.ping();
    const settings = { windowMs: 60_000, leastCalls: 2, openMs, canaryMs: 60_000 };
    return new CircuitBreaker(connection, { prefix: redis.prefix, settings });
  };
  const guarded = async (
    open: OpenProvider,
  ): Promise<Pick<Services, "openProvider" | "enterCircuit">> => ({
    openProvider: guardProviders(open, await breaker()),
    enterCircuit: circuitEntrance(open, await breaker()),
  });
  /** Opens the circuit; with a time of 1 ms it is half-open as soon as anybody asks. */
  const openCircuit = async (provider: "aws" | "azure", openMs?: number): Promise<void> => {
    const pass = await (await breaker(openMs)).enter(provider);
    await pass.failed();
    await pass.failed();
  };
  const halfOpen = async (): Promise<void> => openCircuit("aws", 1);
  /** What the breaker has counted while closed. */
  const counted = async (): Promise<{ calls: number; failed: number }> => {
    const fields = await redis.connection().hgetall(`${redis.prefix}:circuit:aws`);
    const sum = (kind: string): number =>
      Object.entries(fields).reduce(
        (total, [field, value]) => (field.startsWith(kind) ? total + Number(value) : total),
        0,
      );
    return { calls: sum("calls:"), failed: sum("failed:") };
  };
  const addResource = async (changes: Partial<Resource> = {}): Promise<number> => {
    const wanted = { userId: tenant.userId, name: "shop", provider: "aws", type: "storage" };
    const row = { ...wanted, spec: { region: "eu-central-1" }, ...changes };
    return (await tenant.database.getRepository(Resource).save(row)).id;
  };
  const run = async (id: number, action = "apply"): Promise<FinishedRun> =>
    tenant.run("terraform-apply", applyTerraform, { resourceId: id, action });
  const resource = async (id: number): Promise<Resource> =>
    tenant.database.getRepository(Resource).findOneByOrFail({ id });
  const runs = async (): Promise<TerraformRun[]> =>
    tenant.database.getRepository(TerraformRun).find({ order: { startedAt: "ASC" } });

  it("postpones a new run of any kind while the circuit is open, and touches nothing", async () => {
    const id = await addResource();
    const before = await resource(id);
    await openCircuit("aws");

    for (const action of ["apply", "destroy", "plan", "drift"]) {
      const { outcome } = await run(id, action);

      expect(outcome).to.include({ kind: "postpone", code: "PROVIDER_CIRCUIT_OPEN" });
      expect(outcome).to.have.property("afterMs").that.is.within(30_000, 60_000);
    }

    expect(await resource(id)).to.deep.equal(before);
    expect(await runs()).to.deep.equal([]);
    expect(await readdir(root)).to.deep.equal([]);
    expect(aws.aws.faults.calls).to.deep.equal([]);
    for (const job of await tenant.database.getRepository(JobRun).find()) {
      expect(job).to.include({ state: "handed-back", attempt: 1 });
    }
  });

  describe("with an apply that an earlier worker left", () => {
    let id: number;
    let left: AbandonedApply;

    beforeEach(async () => {
      if (azureCredential.provider !== "azure") throw new TypeError("not Azure");
      const { tenantId, clientId, clientSecret, subscriptionId } = azureCredential;
      const secrets = {
        tenant_id: tenantId,
        client_id: clientId,
        client_secret: clientSecret,
        subscription_id: subscriptionId,
      };
      await tenant.addCredential({ provider: "azure", secrets });
      const spec = { region: "westeurope" };
      id = await addResource({ provider: "azure", type: "network", spec, status: "provisioning" });
      const directory = join(root, "left");
      left = await abandonApply({ binary, directory, fakes }, "azurerm_virtual_network");
      adopted = left.identity;
      await saveLeftRun(tenant.database, id, { host: hostname(), directory });
      await openCircuit("azure");
    });

    it("follows it to its end and stores what came of it while the circuit is open", async () => {
      const result = run(id);
      await until(async () => (await runs())[0]?.percent, { what: "the apply is followed" });
      left.hold.release();

      // The apply was another job's; what this one asks for needs a plan of its own, later.
      expect((await result).outcome).to.include({ kind: "postpone" });
      expect((await runs()).map(({ state }) => state)).to.deep.equal(["applied"]);
      expect((await resource(id)).status).to.equal("active");
      expect(fakes.cloud.objects).to.have.length(3);
    });

    it("stores what came of it before another action of the resource is postponed", async () => {
      left.hold.release();

      const { outcome } = await run(id, "destroy");

      expect(outcome).to.include({ kind: "postpone", code: "PROVIDER_CIRCUIT_OPEN" });
      expect((await resource(id)).status).to.equal("active");
      expect((await runs()).map(({ state }) => state)).to.deep.equal(["applied"]);
      expect(fakes.cloud.objects).to.have.length(3);
      expect(await readdir(root)).to.deep.equal([]);
    });
  });

  it("lets one cheap call decide while the circuit is half-open, then applies", async () => {
    const gate = new EventEmitter();
    const reached = once(gate, "reached");
    const open = providerOpener({ aws: aws.aws.url });
    const { enterCircuit } = await guarded(async (credential) => {
      gate.emit("reached");
      await once(gate, "opened");
      return open(credential);
    });
    tenant.services.enterCircuit = enterCircuit;
    const [first, second] = [await addResource(), await addResource({ name: "other" })];
    await halfOpen();

    const tries = run(first);
    await reached;
    const waits = await run(second);
    expect(await runs()).to.deep.equal([]);
    gate.emit("opened");

    expect(waits.outcome).to.include({ kind: "postpone", code: "PROVIDER_CIRCUIT_OPEN" });
    expect((await tries).outcome).to.include({ kind: "done" });
    expect(aws.aws.faults.callsOf(check)).to.have.length(1);
    expect((await run(second)).outcome).to.include({ kind: "done" });
    expect(aws.aws.faults.callsOf(check)).to.have.length(1);
  });

  it("waits on without a run when the cheap call is not answered", async () => {
    const id = await addResource();
    const before = await resource(id);
    await halfOpen();
    aws.aws.faults.push({ operation: check, effect: { kind: "reset" } });

    const { outcome } = await run(id);

    expect(outcome).to.include({ kind: "postpone", code: "PROVIDER_CIRCUIT_OPEN" });
    expect(outcome).to.have.property("afterMs").that.is.within(30_000, 60_000);
    expect(await resource(id)).to.deep.equal(before);
    expect(await runs()).to.deep.equal([]);
  });

  it("goes on when the cheap call is refused: the provider is there", async () => {
    const id = await addResource();
    await halfOpen();
    aws.aws.faults.push({ operation: check, effect: { kind: "deny" } });

    expect((await run(id)).outcome).to.include({ kind: "done" });
  });

  it("opens the circuit for syncs when terraform cannot reach the provider", async () => {
    const id = await addResource();
    const summary = "creating S3 Bucket (shop)";
    const detail = "https response error StatusCode: 500, api error InternalFailure: it failed";
    fakes.faults.add({ type: "aws_s3_bucket", action: "create", error: { summary, detail } });

    for (let time = 0; time < 2; time += 1) {
      expect((await run(id)).outcome).to.include({ kind: "retry", code: "TERRAFORM_FAILED" });
    }
    const { outcome } = await tenant.run("sync", syncCredential, { credentialId });

    expect(outcome).to.include({ kind: "postpone", code: "PROVIDER_CIRCUIT_OPEN" });
    expect(aws.aws.faults.calls).to.deep.equal([]);
  });

  it("counts runs that the provider answered, be it with a refusal", async () => {
    const id = await addResource();
    await run(id, "plan");
    const refusal = { summary: "UnauthorizedOperation" };
    fakes.faults.add({ type: "aws_s3_bucket", action: "create", error: refusal, times: 1 });

    expect((await run(id)).outcome).to.include({ code: "TERRAFORM_REFUSED" });
    expect((await run(id)).outcome).to.include({ kind: "done" });

    expect(await counted()).to.deep.equal({ calls: 3, failed: 0 });
  });

  it("counts nothing when the provider was never called", async () => {
    const id = await addResource();
    const { terraform } = tenant.services;
    tenant.services.terraform = {
      ...terraform,
      reattachProviders: undefined,
      providerMirror: root,
    };
    expect((await run(id)).outcome).to.include({ code: "TERRAFORM_FAILED" });
    tenant.services.terraform = { ...terraform, binary: join(root, "missing") };
    expect((await run(id)).outcome).to.include({ code: "TERRAFORM_MISSING" });

    expect(await counted()).to.deep.equal({ calls: 0, failed: 0 });
  });
});
