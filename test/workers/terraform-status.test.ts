import { randomUUID } from "node:crypto";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { pino } from "pino";
import { runJob } from "../../workers/run-job.ts";
import { applyTerraform } from "../../workers/terraform-apply.ts";
import { requireTerraform } from "../support/terraform.ts";
import { awsKeys, type TerraformTenant, terraformTenant } from "../support/terraform-tenant.ts";

describe("applyTerraform and what its resource shows", function () {
  this.timeout(60_000);
  let tenant: TerraformTenant;

  beforeEach(async function () {
    tenant = await terraformTenant(await requireTerraform(this));
    await tenant.addCredential({ provider: "aws", secrets: awsKeys });
  });
  afterEach(async () => tenant?.close());

  const shown = async (id: number) => {
    const { status, terraformOutput } = await tenant.resource(id);
    return { status, ...terraformOutput };
  };

  it("has the outputs of a machine and the end of the log, as the schema's example", async () => {
    const id = await tenant.addResource({ type: "vm", spec: { public: true } });

    await tenant.work(id, "apply");

    const active = await shown(id);
    expect(active).to.include({ status: "active" });
    expect(active).to.have.property("instance_id").that.matches(/^i-/);
    expect(active)
      .to.have.property("public_ip")
      .that.matches(/^203\./);
    expect(active).to.have.property("private_ip").that.matches(/^10\./);
    expect(active)
      .to.have.property("logs")
      .that.matches(
        /aws_instance\.this: create complete .*\nTerraform apply completed successfully/s,
      );
  });

  it("keeps its outputs when a later apply fails, and says why", async () => {
    const id = await tenant.addResource();
    await tenant.work(id, "apply");
    const error = { summary: "AccessDenied", detail: "s3:PutBucketTagging" };
    tenant.fakes.faults.add({ type: "aws_s3_bucket", action: "read", error });

    await tenant.work(id, "apply");

    const failed = await shown(id);
    expect(failed).to.include({ status: "failed", id: "arn:aws:s3:::shop" });
    expect(failed).to.have.property("error").that.deep.equals({
      code: "TERRAFORM_REFUSED",
      message: "terraform plan: AccessDenied: s3:PutBucketTagging (aws_s3_bucket.this)",
    });
    expect(failed).to.have.property("logs").that.includes("AccessDenied");
  });

  it("is failed when the apply is refused before it begins", async () => {
    const id = await tenant.addResource({ spec: { colour: "red" }, status: "provisioning" });

    await tenant.work(id, "apply");

    const failed = await shown(id);
    expect(failed).to.include({ status: "failed" });
    expect(failed).to.have.nested.property("error.code", "INVALID_SPEC");
  });

  it("is not touched by a plan or a look for drift that fails", async () => {
    const id = await tenant.addResource();
    await tenant.work(id, "apply");
    const before = await shown(id);
    const error = { summary: "ThrottlingException" };
    tenant.fakes.faults.add({ action: "configure", error });

    const planned = await tenant.work(id, "plan");
    const drift = await tenant.work(id, "drift");

    expect(planned.outcome).to.include({ kind: "retry", code: "TERRAFORM_FAILED" });
    expect(drift.outcome).to.include({ kind: "retry", code: "TERRAFORM_FAILED" });
    expect(await shown(id)).to.deep.equal(before);
  });

  it("is failed for want of a binary that works", async () => {
    const id = await tenant.addResource();
    const fake = async (name: string, script: string): Promise<string> => {
      const path = join(tenant.root, name);
      await writeFile(path, `#!/bin/sh\n${script}\n`);
      await chmod(path, 0o755);
      return path;
    };
    const old = `echo '{"terraform_version":"1.5.7"}'`;
    const outcomes: unknown[] = [];
    for (const binary of [
      await fake("broken", "echo no; exit 3"),
      await fake("talking", "echo no"),
      await fake("old", old),
    ]) {
      tenant.services.terraform.binary = binary;
      outcomes.push((await tenant.work(id, "apply")).outcome);
    }

    for (const outcome of outcomes) {
      expect(outcome).to.include({ kind: "give-up", code: "TERRAFORM_UNUSABLE" });
    }
    expect(outcomes[2]).to.have.property("message").that.includes("it is version 1.5.7");
    expect(await shown(id)).to.include({ status: "failed" });
  });

  it("waits for another try when there is no room for its run", async () => {
    const id = await tenant.addResource();
    await writeFile(join(tenant.root, "file"), "");
    tenant.services.terraform.workDirectory = join(tenant.root, "file", "runs");

    const { outcome } = await tenant.work(id, "apply");

    expect(outcome).to.include({ kind: "retry", code: "TERRAFORM_WORK_DIR_UNUSABLE" });
    expect(outcome)
      .to.have.property("message")
      .that.matches(/ENOTDIR$/);
    expect(await shown(id)).to.include({ status: "provisioning" });
  });

  for (const [action, status] of [
    ["apply", "provisioning"],
    ["destroy", "destroying"],
  ] as const) {
    it(`is ${status} between the attempts of its ${action}, and failed after the last`, async () => {
      const id = await tenant.addResource();
      if (action === "destroy") await tenant.work(id, "apply");
      tenant.fakes.faults.add({ action: "configure", error: { summary: "ThrottlingException" } });
      const attempt = sameJob({ userId: tenant.userId, resourceId: id, action });

      for (const number of [1, 2]) {
        expect((await attempt()).outcome).to.include({ kind: "retry" });
        expect(await shown(id), `after attempt ${number}`).to.include({ status });
      }
      expect((await attempt()).outcome).to.include({ kind: "failed" });

      const failed = await shown(id);
      expect(failed).to.include({ status: "failed" });
      expect(failed).to.have.nested.property("error.code", "TERRAFORM_FAILED");
    });
  }

  const sameJob = (data: object) => {
    const services = { ...tenant.services, log: pino({ level: "silent" }) };
    const facts = { id: randomUUID(), queuedAt: new Date(), data, stalls: 0, retries: 0 };
    const job = { ...facts, log: async () => {}, updateProgress: async () => {} };
    const { signal } = new AbortController();
    return async () => runJob("terraform-apply", applyTerraform, services, job, signal);
  };

  it("is never given a name that the module would make empty", async () => {
    const id = await tenant.addResource({ name: "日本語" });

    const { outcome } = await tenant.work(id, "apply");

    expect(outcome).to.include({ kind: "give-up", code: "TERRAFORM_REFUSED" });
    expect(outcome).to.have.property("message").that.includes("at least three of a-z and 0-9");
    expect(tenant.fakes.cloud.objects).to.deep.equal([]);
  });
});
