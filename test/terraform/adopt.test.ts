import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { TerraformError, TerraformProofError } from "../../terraform/errors.ts";
import { killGroup } from "../../terraform/process.ts";
import { isAlive, type ProcessIdentity } from "../../terraform/process-identity.ts";
import { type AdoptedRun, adoptRun } from "../../terraform/run.ts";
import type { StateSnapshot } from "../../terraform/state.ts";
import { type AbandonedApply, abandonApply } from "../support/abandoned-apply.ts";
import { failureOf } from "../support/failure.ts";
import {
  azureCredential,
  createRunWorld,
  type RunWorld,
  requireTerraform,
} from "../support/terraform.ts";
import { until } from "../support/until.ts";

describe("an apply whose worker is killed", () => {
  let world: RunWorld;
  let binary: string;
  let directory: string;
  let apply: ProcessIdentity | null;

  beforeEach(async function () {
    binary = await requireTerraform(this);
    world = await createRunWorld(binary);
    directory = join(world.root, "run");
    apply = null;
  });
  afterEach(async () => {
    if (apply) await killGroup(apply);
    await world?.close();
  });

  const killWorkerDuring = async (type: string): Promise<AbandonedApply> => {
    const abandoned = await abandonApply({ binary, directory, fakes: world.fakes }, type);
    apply = abandoned.identity;
    return abandoned;
  };

  function adoption(identity: ProcessIdentity, options: Partial<AdoptedRun> = {}): AdoptedRun {
    const { signal } = new AbortController();
    return { directory, identity, stored: null, credential: azureCredential, signal, ...options };
  }

  it("is not taken for a destroy that has left nothing", async () => {
    const { hold, identity } = await killWorkerDuring("azurerm_virtual_network");

    const adopted = failureOf(adoptRun("destroy", adoption(identity)), TerraformProofError);
    hold.release();

    expect(await adopted).to.include({ missing: "empty-state" });
  });

  it("runs on, is adopted and ends well", async () => {
    const { hold, identity } = await killWorkerDuring("azurerm_virtual_network");
    expect(await isAlive(identity)).to.equal(true);
    const states: StateSnapshot[] = [];
    const percents: number[] = [];

    const adopted = adoptRun(
      "apply",
      adoption(identity, {
        onState: async (state) => void states.push(state),
        onProgress: (percent) => percents.push(percent),
      }),
    );
    await until(() => states.length > 0, { what: "the state that was never stored" });
    hold.release();
    const result = await adopted;

    expect(states[0]?.managedInstances).to.equal(1);
    expect(result).to.deep.include({
      applied: true,
      changes: { add: 3, change: 0, remove: 0, import: 0 },
    });
    expect(result.created).to.have.length(3);
    expect(result.state?.managedInstances).to.equal(3);
    expect(result.state?.outputs["address"]?.value).to.equal("10.0.0.0/16");
    expect(percents.at(-1)).to.equal(95);
    expect(world.fakes.cloud.objects).to.have.length(3);
  });

  it("can be adopted after it has ended", async () => {
    const { hold, identity } = await killWorkerDuring("azurerm_resource_group");
    hold.release();
    await until(async () => !(await isAlive(identity)), { what: "the end of the apply" });

    const result = await adoptRun("apply", adoption(identity));

    expect(result.state?.managedInstances).to.equal(3);
  });

  it("can be interrupted by whoever adopted it", async () => {
    const { identity } = await killWorkerDuring("azurerm_virtual_network");
    const signal = AbortSignal.abort(new Error("cancelled by its user"));

    const error = await adoptRun("apply", adoption(identity, { signal })).catch(
      (caught: unknown) => caught,
    );

    expect(error).to.be.instanceOf(TerraformError).and.include({ stage: "apply", end: "aborted" });
    expect(world.fakes.cloud.objects.map(({ type }) => type)).to.deep.equal([
      "azurerm_resource_group",
    ]);
  });

  it("is known to be lost when it was killed too", async () => {
    const { identity } = await killWorkerDuring("azurerm_virtual_network");
    await killGroup(identity);
    const states: StateSnapshot[] = [];

    const error = await adoptRun(
      "apply",
      adoption(identity, { onState: async (state) => void states.push(state) }),
    ).catch((caught: unknown) => caught);

    expect(error).to.be.instanceOf(TerraformError).and.include({ end: "killed", exitCode: null });
    expect(states.at(-1)?.managedInstances).to.equal(1);
  });
});
