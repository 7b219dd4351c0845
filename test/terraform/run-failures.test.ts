import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { ProcessIdentity } from "../../terraform/process-identity.ts";
import { applyModule } from "../../terraform/run.ts";
import type { StateSnapshot } from "../../terraform/state.ts";
import { reasonToKeep, workDirectoryAt } from "../../terraform/work-directory.ts";
import {
  createRunWorld,
  type RunWorld,
  requireTerraform,
  terraformErrorOf,
  writtenState,
} from "../support/terraform.ts";
import { until } from "../support/until.ts";

describe("a run that fails", () => {
  let world: RunWorld;

  beforeEach(async function () {
    world = await createRunWorld(await requireTerraform(this));
  });
  afterEach(async () => world?.close());

  it("fails with the provider's diagnostics and keeps what was created", async () => {
    const error = { summary: "SubnetLimitReached", detail: "The maximum number has been reached." };
    world.fakes.faults.add({ type: "azurerm_subnet", action: "create", error });
    const states: StateSnapshot[] = [];
    const run = world.azureNetwork({ onState: async (state) => void states.push(state) });

    const failure = await terraformErrorOf(applyModule(run));

    expect(failure).to.include({ stage: "apply", exitCode: 1, end: "exit", fault: "tenant" });
    expect(failure.message).to.equal(
      "terraform apply: SubnetLimitReached: The maximum number has been reached. (azurerm_subnet.this)",
    );
    expect(failure.diagnostics[0]).to.deep.include({
      address: "azurerm_subnet.this",
      ...error,
    });
    expect(world.fakes.cloud.objects).to.have.length(2);
    expect(states.at(-1)?.managedInstances).to.equal(2);
  });

  it("blames the provider for throttling, so that it is tried again", async () => {
    const error = { summary: "RequestLimitExceeded: Request limit exceeded (503)" };
    world.fakes.faults.add({ type: "azurerm_resource_group", action: "create", error, times: 1 });

    const failure = await terraformErrorOf(applyModule(world.azureNetwork()));
    const retried = await applyModule(world.azureNetwork());

    expect(failure).to.include({ fault: "provider", isTransient: true });
    expect(retried.changes.add).to.equal(3);
  });

  it("blames the provider when it does not answer at the very start", async () => {
    const error = {
      summary: "building account",
      detail: 'Get "https://management.azure.com/": dial tcp 192.0.2.1:443: connection refused',
    };
    world.fakes.faults.add({ type: "hashicorp/azurerm", action: "configure", error });

    const failure = await terraformErrorOf(applyModule(world.azureNetwork()));

    expect(failure).to.include({ stage: "plan", fault: "provider", finding: "failed" });
  });

  it("says nothing of the provider when the configuration is wrong", async () => {
    const hcl = 'resource "aws_s3_bucket" "this" {\n  bucket = var.missing\n}\n';
    const moduleDirectory = await world.module("wrong", hcl);

    const failure = await terraformErrorOf(applyModule(world.run({ moduleDirectory })));

    expect(failure.diagnostics).not.to.deep.equal([]);
    expect(failure).to.include({ end: "exit", finding: "nothing" });
  });

  it("blames nobody's cloud or wishes when terraform loses its plugin", async () => {
    const hold = world.fakes.faults.hold({ type: "azurerm_resource_group", action: "create" });
    const result = terraformErrorOf(applyModule(world.azureNetwork()));
    await hold.reached;

    world.fakes.close();
    const failure = await result;
    hold.release();

    expect(failure.message).to.include("Plugin");
    expect(failure).to.include({ stage: "apply", fault: "operator", finding: "nothing" });
  });

  it("plans anew after a failure and creates only what is missing", async () => {
    const error = { summary: "UnauthorizedOperation" };
    world.fakes.faults.add({ type: "azurerm_subnet", action: "create", error, times: 1 });
    const first = world.azureNetwork();
    await terraformErrorOf(applyModule(first));
    const left = await writtenState(first);

    const result = await applyModule(world.azureNetwork({ state: left?.bytes ?? null }));

    expect(result.changes.add).to.equal(1);
    expect(world.fakes.cloud.objects).to.have.length(3);
  });

  it("interrupted by its caller, finishes what it has begun and keeps the state", async () => {
    const hold = world.fakes.faults.hold({
      type: "azurerm_resource_group",
      action: "create",
      ignoreStop: true,
    });
    const controller = new AbortController();
    const texts: string[] = [];
    const run = world.azureNetwork({
      signal: controller.signal,
      onMessage: (message) => void (message.type === "text" && texts.push(message.text)),
    });
    const result = terraformErrorOf(applyModule(run));
    await hold.reached;

    controller.abort(new Error("shutting down"));
    await until(() => texts.some((text) => text.includes("Interrupt received")), {
      what: "terraform to notice the interrupt",
    });
    hold.release();
    const failure = await result;

    expect(failure).to.include({
      stage: "apply",
      end: "aborted",
      fault: "none",
      isTransient: true,
    });
    expect(failure.cause).to.have.property("message", "shutting down");
    expect(world.fakes.cloud.objects.map(({ type }) => type)).to.deep.equal([
      "azurerm_resource_group",
    ]);
    expect((await writtenState(run))?.managedInstances).to.equal(1);
  });

  it("kills the whole group when patience with an interrupted apply is over", async () => {
    const hold = world.fakes.faults.hold({
      type: "azurerm_virtual_network",
      action: "create",
      ignoreStop: true,
    });
    const limits = { initMs: 30_000, planMs: 30_000, applyMs: 30_000, graceMs: 100 };
    const controller = new AbortController();
    const states: StateSnapshot[] = [];
    const run = world.azureNetwork({
      limits,
      signal: controller.signal,
      onState: async (state) => void states.push(state),
    });
    const result = terraformErrorOf(applyModule(run));
    await hold.reached;

    controller.abort();
    const failure = await result;
    hold.release();

    expect(failure).to.include({ end: "aborted", exitCode: null });
    expect(states.at(-1)?.managedInstances).to.equal(1);
  });

  it("stops a stage whose time is up", async () => {
    const hold = world.fakes.faults.hold({ type: "azurerm_resource_group", action: "create" });
    const limits = { initMs: 30_000, planMs: 30_000, applyMs: 200, graceMs: 10_000 };

    const failure = await terraformErrorOf(applyModule(world.azureNetwork({ limits })));
    hold.release();

    expect(failure).to.include({ stage: "apply", end: "timeout" });
    expect(world.fakes.cloud.objects).to.deep.equal([]);
  });

  it("killed in the middle, leaves a state that names what was completed", async () => {
    const hold = world.fakes.faults.hold({ type: "azurerm_virtual_network", action: "create" });
    const processes: ProcessIdentity[] = [];
    const run = world.azureNetwork({
      onProcess: async (_stage, identity) => void processes.push(identity),
    });
    const result = terraformErrorOf(applyModule(run));
    await hold.reached;

    process.kill(processes.at(-1)?.pid ?? 0, "SIGKILL");
    const failure = await result;
    hold.release();

    expect(failure).to.include({
      end: "killed",
      exitCode: 137,
      fault: "operator",
      isTransient: true,
    });
    const state = await writtenState(run);
    expect(state?.managedInstances).to.equal(1);
    expect(Buffer.from(state?.bytes ?? []).toString()).to.include(
      world.fakes.cloud.ofType("azurerm_resource_group")[0]?.id,
    );
    expect(await reasonToKeep(workDirectoryAt(run.directory), null)).to.equal("unsaved-state");
  });

  it("does not begin when it is aborted before", async () => {
    const run = world.azureNetwork({ signal: AbortSignal.abort(new Error("too late")) });

    const failure = await terraformErrorOf(applyModule(run));

    expect(failure).to.include({ stage: "init", end: "aborted" });
  });

  it("stops a process that could not be recorded", async () => {
    const run = world.azureNetwork({
      onProcess: async (stage) => {
        if (stage === "apply") throw new Error("lost the lease");
      },
    });

    const error = await applyModule(run).catch((caught: unknown) => caught);

    expect(error).to.have.property("message", "lost the lease");
    expect(await reasonToKeep(workDirectoryAt(run.directory), null)).not.to.equal("running");
  });

  it("fails when its last state could not be stored, and keeps it", async () => {
    const run = world.azureNetwork({
      onState: async () => {
        throw new Error("database is away");
      },
    });

    const error = await applyModule(run).catch((caught: unknown) => caught);

    expect(error).to.have.property("message", "database is away");
    expect(await reasonToKeep(workDirectoryAt(run.directory), null)).to.equal("unsaved-state");
    expect((await writtenState(run))?.managedInstances).to.equal(3);
  });

  it("names the operator when a provider cannot be installed", async () => {
    const run = world.azureNetwork({ reattachProviders: undefined, providerMirror: world.root });

    const failure = await terraformErrorOf(applyModule(run));

    expect(failure).to.include({ stage: "init", exitCode: 1, fault: "operator" });
    expect(failure.diagnostics).not.to.deep.equal([]);
  });
});
