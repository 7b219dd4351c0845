import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { secretValues } from "../../terraform/environment.ts";
import type { ProcessIdentity } from "../../terraform/process-identity.ts";
import { applyModule, destroyModule, planModule } from "../../terraform/run.ts";
import type { StateSnapshot } from "../../terraform/state.ts";
import { workDirectoryAt } from "../../terraform/work-directory.ts";
import {
  awsCredential,
  azureCredential,
  createRunWorld,
  type RunWorld,
  requireTerraform,
} from "../support/terraform.ts";
import { until } from "../support/until.ts";

const [azureSecret = ""] = secretValues(azureCredential);
const [awsSecret = ""] = secretValues(awsCredential);

describe("a run", () => {
  let world: RunWorld;

  beforeEach(async function () {
    world = await createRunWorld(await requireTerraform(this));
  });
  afterEach(async () => world?.close());

  it("captures the state after each resource, in exact bytes", async () => {
    const states: StateSnapshot[] = [];
    const holds = ["azurerm_virtual_network", "azurerm_subnet"].map((type) =>
      world.fakes.faults.hold({ type, action: "create" }),
    );
    const run = world.azureNetwork({ onState: async (state) => void states.push(state) });
    const result = applyModule(run);

    for (const [index, hold] of holds.entries()) {
      await hold.reached;
      await until(() => states.at(-1)?.managedInstances === index + 1, { what: "the state" });
      hold.release();
    }
    const { state } = await result;

    expect(states.slice(0, 2).map(({ serial }) => serial)).to.deep.equal([1, 2]);
    expect(states.at(-1)).to.deep.equal(state);
    expect(Buffer.from(state?.bytes ?? [])).to.deep.equal(
      await readFile(workDirectoryAt(run.directory).state),
    );
  });

  it("reports progress that never falls, and its processes", async () => {
    const percents: number[] = [];
    const stages: string[] = [];

    await applyModule(
      world.azureNetwork({
        onProgress: (percent) => percents.push(percent),
        onProcess: async (stage) => void stages.push(stage),
      }),
    );

    expect(stages).to.deep.equal(["init", "plan", "apply"]);
    expect(percents).to.deep.equal(percents.toSorted((a, b) => a - b));
    expect(percents[0]).to.equal(5);
    expect(percents.at(-1)).to.equal(95);
  });

  it("keeps the secret out of arguments and of every file", async () => {
    const hold = world.fakes.faults.hold({ type: "azurerm_resource_group", action: "create" });
    const processes: ProcessIdentity[] = [];
    const run = world.azureNetwork({
      onProcess: async (_stage, identity) => void processes.push(identity),
    });
    const result = applyModule(run);
    await hold.reached;

    const argv = await Promise.all(
      processes
        .slice(-1)
        .flatMap(({ pid, groupId }) =>
          [pid, groupId].map((id) => readFile(`/proc/${id}/cmdline`, "utf8")),
        ),
    );
    hold.release();
    await result;

    expect(argv.join("\n")).to.include("apply").and.not.include(azureSecret);
    const entries = await readdir(run.directory, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name))
      .to.include("apply.log")
      .and.not.include("plan");
    for (const file of files) {
      const content = await readFile(join(file.parentPath, file.name), "utf8");
      expect(content, file.name).not.to.include(azureSecret);
    }
  });

  it("gives HCL nothing of our own environment and redacts what it prints", async () => {
    const hcl =
      'resource "terraform_data" "spy" {\n  provisioner "local-exec" {\n    command = "env"\n  }\n}\n';
    const texts: string[] = [];
    const inherited = { ...process.env, CREDENTIAL_KEYS: "k1:ring", TF_CLI_ARGS: "-wrong" };

    await applyModule(
      world.run({
        moduleDirectory: await world.module("spy", hcl),
        inherited,
        onMessage: (message) => void (message.type === "text" && texts.push(message.text)),
      }),
    );

    const printed = texts.join("\n");
    expect(printed).to.include("AWS_SECRET_ACCESS_KEY=[redacted]");
    expect(printed).not.to.include(awsSecret).and.not.include("CREDENTIAL_KEYS");
  });

  it("finds drift without changing anything", async () => {
    const { state } = await applyModule(world.azureNetwork());
    const [group] = world.fakes.cloud.ofType("azurerm_resource_group");
    if (!group) throw new Error("no group was created");
    group.attributes["tags"] = { owner: "somebody" };

    const plan = await planModule(
      "refresh-only",
      world.azureNetwork({ state: state?.bytes ?? null }),
    );
    const repair = await planModule("apply", world.azureNetwork({ state: state?.bytes ?? null }));

    expect(plan).to.deep.include({ hasChanges: true, drifted: ["azurerm_resource_group.this"] });
    expect(repair.changes).to.deep.include({ add: 0, change: 1, remove: 0 });
    expect(group.attributes["tags"]).to.deep.equal({ owner: "somebody" });
  });

  it("destroys nothing when there is nothing", async () => {
    const result = await destroyModule(world.azureNetwork());

    expect(result).to.deep.include({ applied: false, state: null });
  });
});
