import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { pino } from "pino";
import { replayJob } from "../../cli/jobs-replay.ts";
import { UsageError } from "../../cli/output.ts";
import type { JobRun } from "../../entities/job-run.ts";
import { enqueue } from "../../queues/enqueue.ts";
import { InvalidPayloadError } from "../../queues/parse-payload.ts";
import { sweepQueues } from "../../scheduler/sweeper.ts";
import { findJobRun } from "../../tables/job-runs.ts";
import { listRejectedJobs } from "../../tables/rejected-jobs.ts";
import { failureOf } from "../support/failure.ts";
import { until } from "../support/until.ts";
import { type WorkerRig, workerRig } from "../support/worker-rig.ts";

describe("replaying a job", () => {
  let rig: WorkerRig;
  beforeEach(async () => {
    rig = await workerRig();
  });
  afterEach(async () => rig.close());

  const replay = async (id: string, payload?: unknown) =>
    replayJob(rig.database.dataSource, rig.queues, id, payload);
  const rejected = async (): Promise<JobRun[]> => listRejectedJobs(rig.database.dataSource, 10);
  /** Pushes a message onto the list as a foreign client does, and has it rejected. */
  const pushed = async (message: string): Promise<string> => {
    const redis = rig.redis.connection();
    await redis.lpush(`${rig.redis.prefix}:sync:wait`, message);
    const log = pino({ level: "silent" });
    const { dataSource } = rig.database;
    await sweepQueues({
      database: dataSource,
      redis,
      prefix: rig.redis.prefix,
      everyMs: 1_000,
      log,
    });
    const [run] = await rejected();
    if (!run) throw new Error("nothing was rejected");
    return run.id;
  };

  it("runs what was meant by a message that was pushed onto the list", async () => {
    const id = await pushed('{"userId":1,"credentialId":2}');

    const jobId = await replay(id);

    const job = await rig.queues.sync.getJob(jobId);
    expect(job?.data).to.deep.equal({ userId: 1, credentialId: 2 });
    const old = await findJobRun(rig.database.dataSource, "sync", '{"userId":1,"credentialId":2}');
    expect(old).to.include({ id, state: "rejected", replayedAs: jobId });
    expect(await rejected()).to.deep.equal([]);
    await rig.start({ sync: async () => "repaired" });
    await until(async () => (await rig.queues.sync.getJobState(jobId)) === "completed");
  });

  it("takes the repaired payload instead of the kept one", async () => {
    const id = await pushed("sync user 1");

    const jobId = await replay(id, { userId: 1, credentialId: 3 });

    const job = await rig.queues.sync.getJob(jobId);
    expect(job?.data).to.deep.equal({ userId: 1, credentialId: 3 });
  });

  it("refuses a payload that still breaks the contract and names the field", async () => {
    const id = await pushed('{"userId":1,"credentialId":"two"}');

    const error = await failureOf(replay(id));

    expect(error).to.be.instanceOf(InvalidPayloadError).and.include({ path: "/credentialId" });
    expect(await rig.queues.sync.count()).to.equal(0);
    expect(await rejected()).to.have.lengthOf(1);
  });

  it("refuses what was not JSON until a payload is given", async () => {
    const id = await pushed("sync user 1");

    expect(await failureOf(replay(id))).to.include({ message: "/: expected a JSON object" });
  });

  it("does not run a job twice", async () => {
    const id = await pushed('{"userId":1,"credentialId":2}');
    const both = await Promise.allSettled([replay(id), replay(id)]);

    expect(both.filter(({ status }) => status === "fulfilled")).to.have.lengthOf(1);
    expect(await rig.queues.sync.count()).to.equal(1);
  });

  it("repeats what a worker refused, and nothing that is done", async () => {
    await rig.start({ sync: async () => "done" });
    const done = await enqueue(rig.queues.sync, "sync", { userId: 1, credentialId: 2 });
    await rig.queues.sync.add("sync", { userId: 1 }, { jobId: "refused" });
    const run = await until(async () => (await rejected())[0]);

    const jobId = await replay(run?.id ?? "", { userId: 1, credentialId: 2 });
    await until(async () => (await rig.queues.sync.getJobState(jobId)) === "completed");

    const finished = await until(async () => findJobRun(rig.database.dataSource, "sync", done));
    expect(await failureOf(replay(finished?.id ?? ""))).to.be.instanceOf(UsageError);
    expect(await failureOf(replay(randomUUID()))).to.be.instanceOf(UsageError);
  });
});
