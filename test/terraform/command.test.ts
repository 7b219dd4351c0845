import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { runCommand } from "../../terraform/command.ts";
import { runEnvironment } from "../../terraform/environment.ts";
import { TerraformError } from "../../terraform/errors.ts";
import { initArguments } from "../../terraform/init.ts";
import { outputArguments, readOutputs } from "../../terraform/output.ts";
import { changesExitCode, planArguments } from "../../terraform/plan.ts";
import { startProcess, waitForExit } from "../../terraform/process.ts";
import { applyModule, type ModuleRun } from "../../terraform/run.ts";
import { showArguments, showPlan } from "../../terraform/show.ts";
import { readVersion, versionArguments } from "../../terraform/version.ts";
import { createWorkDirectory, workDirectoryAt } from "../../terraform/work-directory.ts";
import { createRunWorld, type RunWorld, requireTerraform } from "../support/terraform.ts";

const hcl = `
output "plain" {
  value = "text"
}
output "secret" {
  value     = "hidden-value"
  sensitive = true
}
`;

describe("commands that only read", () => {
  let world: RunWorld;
  let binary: string;

  beforeEach(async function () {
    binary = await requireTerraform(this);
    world = await createRunWorld(binary);
  });
  afterEach(async () => world?.close());

  function commandOptions(run: ModuleRun) {
    const environment = { TF_CLI_CONFIG_FILE: "/dev/null", CHECKPOINT_DISABLE: "1" };
    const { module: directory } = workDirectoryAt(run.directory);
    return { binary, directory, environment, timeoutMs: 50_000 };
  }

  it("build their whole argument list", () => {
    expect(versionArguments()).to.deep.equal(["version", "-json"]);
    expect(outputArguments()).to.deep.equal(["output", "-json", "-no-color"]);
    expect(showArguments("/run/plan")).to.deep.equal(["show", "-json", "-no-color", "/run/plan"]);
  });

  it("read the version without a warning in the way", async () => {
    expect(await readVersion(binary)).to.match(/^\d+\.\d+\.\d+/);
  });

  it("read the outputs, sensitive ones marked", async () => {
    const run = world.run({ moduleDirectory: await world.module("outputs", hcl) });
    const result = await applyModule(run);

    const outputs = await readOutputs(commandOptions(run));

    expect(outputs["plain"]).to.deep.equal({ value: "text", sensitive: false });
    expect(outputs["secret"]).to.deep.equal({ value: "hidden-value", sensitive: true });
    expect(result.state?.outputs).to.deep.equal(outputs);
  });

  it("show a saved plan as JSON", async () => {
    const run = world.run({ moduleDirectory: await world.module("outputs", hcl) });
    const { module, plan, processFiles, home, cliConfigFile } = await createWorkDirectory(
      run.directory,
      run,
    );
    const environment = runEnvironment({ ...run, home, cliConfigFile });
    const options = { binary, directory: module, environment, timeoutMs: 50_000 };
    await runCommand(initArguments(), options);
    const files = processFiles("plan");
    const args = planArguments({ mode: "apply", out: plan });
    const planning = await startProcess({ ...options, args, files });
    expect(await waitForExit(planning, files, async () => {})).to.equal(changesExitCode);

    const shown = await showPlan(plan, options);

    expect(shown).to.have.nested.property("output_changes.plain.after", "text");
  });

  it("fail with the exit code and without what was printed", async () => {
    const run = world.run({ moduleDirectory: await world.module("outputs", hcl) });
    await applyModule(run);

    const error = await showPlan("no-such-plan", commandOptions(run)).catch((caught) => caught);

    expect(error).to.be.instanceOf(TerraformError);
    expect(error).to.include({ stage: "read", exitCode: 1, end: "exit", fault: "operator" });
  });
});
