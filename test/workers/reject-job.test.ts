import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { JobRun } from "../../entities/job-run.ts";
import { enqueue } from "../../queues/enqueue.ts";
import { redactRawText } from "../../runtime/redact.ts";
import { storableId, tooDeep } from "../../runtime/storable.ts";
import { findJobRun } from "../../tables/job-runs.ts";
import { malformedJobs } from "../support/malformed-jobs.ts";
import { until } from "../support/until.ts";
import { type WorkerRig, workerRig } from "../support/worker-rig.ts";

describe("a worker that is handed what is no job", () => {
  let rig: WorkerRig;
  let ran: unknown[];
  beforeEach(async () => {
    rig = await workerRig();
    ran = [];
    const note = async (_: unknown, payload: unknown) => {
      ran.push(payload);
    };
    await rig.start({ sync: note });
  });
  afterEach(async () => rig.close());

  /** Raw writes wake no worker: it looks every five seconds, or when a proper job comes. */
  const wake = async () => enqueue(rig.queues.sync, "sync", neighbour);
  const neighbour = { userId: 9, credentialId: 9 };

  const empty = ["FOREIGN_ENTRY", "JOB_WITHOUT_HASH", "NAME_MISSING", "TIMESTAMP_INVALID"];
  const delivered = malformedJobs.filter(
    ({ id, reason }) => empty.includes(reason) && typeof id === "string",
  );

  for (const job of delivered) {
    it(`fails ${job.title} with its reason`, async () => {
      await job.write(rig.redis.connection(), `${rig.redis.prefix}:sync:`);

      await wake();
      const failed = await until(async () => (await rig.queues.sync.getFailed())[0]);

      expect(failed?.failedReason).to.match(new RegExp(`^${job.reason} `));
      const jobId = storableId(redactRawText(job.id.toString()));
      const row = await rig.database.dataSource.getRepository(JobRun).findOneBy({ jobId });
      expect(row).to.include({ queue: "sync", state: "rejected", errorCode: job.reason });
      await until(() => ran.length > 0);
      expect(ran).to.deep.equal([neighbour]);
    });
  }

  it("keeps a message that was pushed onto the list without its secrets, ready for repair", async () => {
    const message = '{"userId":1,"credentialId":2,"password":"hunter2"}';
    await rig.redis.connection().lpush(`${rig.redis.prefix}:sync:wait`, message);

    await wake();
    await until(async () => (await rig.queues.sync.getFailedCount()) === 1);

    const repository = rig.database.dataSource.getRepository(JobRun);
    const row = await repository.findOneBy({ state: "rejected" });
    expect(row?.payload).to.deep.equal({ userId: 1, credentialId: 2, password: "[redacted]" });
    expect(JSON.stringify(row)).to.not.include("hunter2");
  });

  it("stores payloads that PostgreSQL itself would refuse", async () => {
    const payload = { userId: 1, credentialId: 2, nul: "a\0b", half: "\ud800", "\0": 1 };

    const { id = "" } = await rig.queues.sync.add("sync", payload);
    await until(async () => (await rig.queues.sync.getJobState(id)) === "completed");

    const row = await findJobRun(rig.database.dataSource, "sync", id);
    expect(row?.payload).to.include({ nul: "a\ufffdb", half: "\ufffd", "\ufffd": 1 });
  });

  it("stores a payload that is nested deeper than a stack", async () => {
    const depth = 20_000;
    const data = `{"userId":1,"credentialId":2,"deep":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    const fields = { name: "sync", data, opts: "{}", timestamp: "1763856000000" };
    const redis = rig.redis.connection();
    await redis.hset(`${rig.redis.prefix}:sync:deep`, fields);
    await redis.lpush(`${rig.redis.prefix}:sync:wait`, "deep");
    await wake();

    await until(async () => (await rig.queues.sync.getJobState("deep")) === "completed");

    const row = await findJobRun(rig.database.dataSource, "sync", "deep");
    expect(JSON.stringify(row?.payload)).to.include(tooDeep);
  });
});
