import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { saveResource } from "../../cli/resources.ts";
import { openAwsAccount } from "../../local/accounts.ts";
import { enqueue } from "../../queues/enqueue.ts";
import { openRedis } from "../../runtime/redis.ts";
import { findJobRun } from "../../tables/job-runs.ts";
import { requireTerraform } from "../support/terraform.ts";
import { type TestWorld, testWorld } from "../support/test-world.ts";
import { until } from "../support/until.ts";

const check = "sts:GetCallerIdentity";

describe("a worker process while a provider's circuit is open", () => {
  let world: TestWorld;
  let closeRedis = (): void => {};

  before(async function () {
    await requireTerraform(this);
    world = await testWorld();
  });
  after(async () => {
    closeRedis();
    await world?.close();
  });

  it("starts no terraform, loses no attempt, and applies once a health check was answered", async () => {
    const { userId } = await world.addUser(openAwsAccount(world.aws, { seed: 11, resources: 0 }));
    const wanted = { user: userId, provider: "aws", type: "storage", name: "shop", spec: {} };
    const resourceId = await saveResource(world.database, wanted);
    const queue = world.queues["terraform-apply"];
    const redis = openRedis(world.redisUrl, () => {});
    closeRedis = () => redis.disconnect();
    const circuit = `${world.environment["QUEUE_PREFIX"]}:circuit:aws`;
    await redis.hset(circuit, { openUntil: Date.now() + 600_000 });
    await world.startWorker();

    const jobId = await enqueue(queue, "terraform-apply", { userId, resourceId, action: "apply" });
    await until(async () => (await queue.getJobState(jobId)) === "delayed");

    const waiting = { state: "handed-back", errorCode: "PROVIDER_CIRCUIT_OPEN", attempt: 1 };
    expect(await findJobRun(world.database, "terraform-apply", jobId)).to.include(waiting);
    const [resource] = await world.database.query("SELECT status FROM resources");
    expect(resource.status).to.equal("pending");
    expect(await world.database.query("SELECT id FROM terraform_runs")).to.deep.equal([]);

    await redis.hset(circuit, { openUntil: 1 });
    await (await queue.getJob(jobId))?.promote();

    expect(await world.ended("terraform-apply", jobId)).to.include({ state: "done", attempt: 1 });
    expect(world.aws.faults.callsOf(check)).to.have.length(1);
    expect(world.terraform.cloud.ofType("aws_s3_bucket")).to.have.length(1);
  });
});
