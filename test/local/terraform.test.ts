import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { applyModule, planModule } from "../../terraform/run.ts";
import {
  createRunWorld,
  type RunWorld,
  requireTerraform,
  terraformErrorOf,
} from "../support/terraform.ts";
import { until } from "../support/until.ts";

const networkHcl = `
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "cidr" {
  default = "10.0.0.0/16"
}
provider "aws" {
  region     = "eu-central-1"
  access_key = "AKIAIOSFODNN7EXAMPLE"
}
resource "aws_vpc" "this" {
  cidr_block = var.cidr
}
`;

describe("the simulated providers", () => {
  let world: RunWorld;
  let moduleDirectory: string;

  beforeEach(async function () {
    world = await createRunWorld(await requireTerraform(this));
    moduleDirectory = await world.module("network", networkHcl);
  });
  afterEach(async () => world?.close());

  it("remember each object with its time and the configuration that created it", async () => {
    const before = new Date();

    await applyModule(world.run({ moduleDirectory }));

    const [vpc] = world.fakes.cloud.objects;
    expect(vpc?.type).to.equal("aws_vpc");
    expect(vpc?.attributes).to.deep.include({ id: vpc?.id, cidr_block: "10.0.0.0/16" });
    expect(vpc?.createdAt).to.be.at.least(before);
    const configuration = { region: "eu-central-1", access_key: "AKIAIOSFODNN7EXAMPLE" };
    expect(vpc?.configuration).to.deep.include(configuration);
  });

  it("replace an object when an attribute cannot be changed", async () => {
    const first = await applyModule(world.run({ moduleDirectory }));
    const [old] = world.fakes.cloud.objects;

    const state = first.state?.bytes ?? null;
    const variables = { cidr: "10.1.0.0/16" };
    const second = await applyModule(world.run({ moduleDirectory, state, variables }));

    expect(second.changes).to.deep.include({ add: 1, remove: 1 });
    const [vpc, ...others] = world.fakes.cloud.objects;
    expect(others).to.deep.equal([]);
    expect(vpc?.id).not.to.equal(old?.id);
    expect(vpc?.attributes["cidr_block"]).to.equal("10.1.0.0/16");
  });

  it("plan to create again what somebody removed", async () => {
    const { state } = await applyModule(world.run({ moduleDirectory }));
    for (const { type, id } of world.fakes.cloud.objects) world.fakes.cloud.remove(type, id);

    const plan = await planModule(
      "apply",
      world.run({ moduleDirectory, state: state?.bytes ?? null }),
    );

    expect(plan.changes).to.deep.include({ add: 1, change: 0 });
  });

  it("refuse a name that is taken, as clouds do", async () => {
    const hcl = networkHcl.replace(
      /resource[^}]*}/,
      'resource "aws_s3_bucket" "this" { bucket = "taken" }',
    );
    const bucketModule = await world.module("bucket", hcl);
    await applyModule(world.run({ moduleDirectory: bucketModule }));

    const failure = await terraformErrorOf(
      applyModule(world.run({ moduleDirectory: bucketModule })),
    );

    expect(failure.message).to.equal(
      "terraform apply: already exists: aws_s3_bucket taken exists at the provider but not in the state (aws_s3_bucket.this)",
    );
    expect(world.fakes.cloud.objects).to.have.length(1);
  });

  it("fail as often as they are told to", async () => {
    const error = { summary: "InternalError" };
    world.fakes.faults.add({ type: "aws_vpc", action: "create", error, times: 2 });

    await terraformErrorOf(applyModule(world.run({ moduleDirectory })));
    await terraformErrorOf(applyModule(world.run({ moduleDirectory })));
    const third = await applyModule(world.run({ moduleDirectory }));

    expect(third.changes.add).to.equal(1);
  });

  it("fail to read when told to, which stops the plan", async () => {
    const { state } = await applyModule(world.run({ moduleDirectory }));
    world.fakes.faults.add({ action: "read", error: { summary: "AccessDenied" } });

    const run = world.run({ moduleDirectory, state: state?.bytes ?? null });
    const failure = await terraformErrorOf(planModule("apply", run));

    expect(failure).to.include({ stage: "plan", fault: "tenant" });
    expect(failure.message).to.equal("terraform plan: AccessDenied (aws_vpc.this)");
  });

  it("take their time when told to", async () => {
    world.fakes.faults.add({ type: "aws_vpc", action: "create", delayMs: 300 });
    const begun = performance.now();

    await applyModule(world.run({ moduleDirectory }));

    expect(performance.now() - begun).to.be.at.least(300);
  });

  it("stop what terraform no longer wants, without creating it", async () => {
    const hold = world.fakes.faults.hold({ type: "aws_vpc", action: "create" });
    const controller = new AbortController();
    const result = terraformErrorOf(
      applyModule(world.run({ moduleDirectory, signal: controller.signal })),
    );
    await hold.reached;

    controller.abort();
    const failure = await result;

    expect(failure.diagnostics[0]?.summary).to.equal("operation canceled");
    expect(world.fakes.cloud.objects).to.deep.equal([]);
  });

  it("create what was under way although terraform is gone, as clouds do", async () => {
    const hold = world.fakes.faults.hold({ type: "aws_vpc", action: "create", ignoreStop: true });
    let pid = 0;
    const run = world.run({
      moduleDirectory,
      onProcess: async (_stage, identity) => {
        pid = identity.pid;
      },
    });
    const result = terraformErrorOf(applyModule(run));
    await hold.reached;

    process.kill(pid, "SIGKILL");
    await result;
    hold.release();

    await until(() => world.fakes.cloud.ofType("aws_vpc").length === 1, { what: "the orphan" });
  });

  it("serve two runs at once and tell their configurations apart", async () => {
    const other = await world.module("other", networkHcl.replace("eu-central-1", "us-east-1"));

    await Promise.all(
      [moduleDirectory, other].map((directory) =>
        applyModule(world.run({ moduleDirectory: directory })),
      ),
    );

    const regions = world.fakes.cloud.objects.map(({ configuration }) => configuration["region"]);
    expect(regions).to.have.members(["eu-central-1", "us-east-1"]);
  });

  it("import an object into a state that lost it", async () => {
    await applyModule(world.run({ moduleDirectory }));
    const [vpc] = world.fakes.cloud.objects;
    const importing = `${networkHcl}\nimport {\n  to = aws_vpc.this\n  id = "${vpc?.id}"\n}\n`;

    const run = world.run({ moduleDirectory: await world.module("importing", importing) });
    const result = await applyModule(run);

    expect(result.changes).to.deep.include({ add: 0, import: 1 });
    expect(world.fakes.cloud.objects).to.have.length(1);
  });
});
