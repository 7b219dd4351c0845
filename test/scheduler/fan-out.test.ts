import { Worker } from "bullmq";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { closeQueues, openQueues, type Queues } from "../../queues/open-queues.ts";
import { openDatabase } from "../../runtime/database.ts";
import { fanOut } from "../../scheduler/fan-out.ts";
import { type Slot, slotJobId, startTime } from "../../scheduler/slots.ts";
import { addCredentials } from "../support/credentials.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";
import { until } from "../support/until.ts";

const hour = 3_600_000;

describe("fanOut", () => {
  let database: TestDatabase;
  let redis: TestRedis;
  let replicas: Queues[];

  beforeEach(async () => {
    database = await testDatabase();
    redis = testRedis();
    replicas = Array.from({ length: 5 }, () =>
      openQueues(redis.connection(), redis.prefix, () => {}),
    );
  });
  afterEach(async () => {
    await Promise.all(replicas.map(closeQueues));
    await Promise.all([redis.close(), database.close()]);
  });

  const slotAt = (time: number): Slot => ({ at: new Date(time), next: new Date(time + hour) });
  const upcoming = (): Slot => slotAt(Math.ceil(Date.now() / hour) * hour);
  const first = (): Queues => {
    const [queues] = replicas;
    if (!queues) throw new Error("no replica");
    return queues;
  };
  const run = async (name: "sync" | "cost-ingest", slot: Slot, queues = first()) =>
    fanOut(name, slot, { database: database.dataSource, queues });
  const jobIds = async (name: "sync" | "cost-ingest"): Promise<string[]> => {
    const jobs = await first()[name].getJobs();
    return jobs.map((job) => job.id ?? "").toSorted();
  };

  it("enqueues each job exactly once from five replicas at the same time", async () => {
    const ids = await addCredentials(
      database.dataSource,
      Array.from({ length: 2_500 }, () => ({})),
    );
    const slot = upcoming();

    const due = await Promise.all(replicas.map(async (queues) => run("sync", slot, queues)));

    expect(due).to.deep.equal([2_500, 2_500, 2_500, 2_500, 2_500]);
    const expected = ids.map((id) => slotJobId("sync", id, slot)).toSorted();
    expect(await jobIds("sync")).to.deep.equal(expected);
  }).timeout(20_000);

  it("does not enqueue a slot again that a late replica repeats after the job is done", async () => {
    await addCredentials(database.dataSource, [{}]);
    const slot = slotAt(Date.now() - hour);
    await run("sync", slot);
    const connection = redis.connection();
    const worker = new Worker("sync", async () => "done", { connection, prefix: redis.prefix });
    const queue = first().sync;
    await until(async () => (await queue.getCompletedCount()) === 1);
    await worker.close();

    await run("sync", slot);

    expect(await queue.getJobCounts("completed", "waiting", "delayed")).to.deep.equal({
      completed: 1,
      waiting: 0,
      delayed: 0,
    });
  });

  it("starts a job at its place between the slot and the next, whenever the replica comes", async () => {
    const [id = 0] = await addCredentials(database.dataSource, [{}]);
    const slot = upcoming();

    await run("sync", slot);

    const [job] = await first().sync.getDelayed();
    expect(job?.data).to.include({ credentialId: id });
    const start = (job?.timestamp ?? 0) + (job?.delay ?? 0);
    expect(start).to.be.closeTo(startTime("sync", id, slot).getTime(), 1_000);
  });

  it("starts at once what should have started before", async () => {
    await addCredentials(database.dataSource, [{}]);

    await run("sync", slotAt(Date.now() - 2 * hour));

    expect(await first().sync.getJobCounts("prioritized", "delayed")).to.deep.equal({
      prioritized: 1,
      delayed: 0,
    });
  });

  it("skips credentials that are not active", async () => {
    const [, active] = await addCredentials(database.dataSource, [
      { isActive: false },
      { isActive: true },
      { isActive: null },
    ]);
    const slot = upcoming();

    expect(await run("sync", slot)).to.equal(1);
    expect(await jobIds("sync")).to.deep.equal([slotJobId("sync", active ?? 0, slot)]);
  });

  it("asks for costs only where there can be some", async () => {
    const file = { cost: { source: "focus-file", path: "x.csv" } };
    const [aws, azureFile] = await addCredentials(database.dataSource, [
      { provider: "aws" },
      { provider: "azure", settings: file },
      { provider: "azure" },
      { provider: "gcp", settings: { cost: null } },
      { provider: "gcp", settings: { regions: ["cost"] } },
    ]);
    const slot = upcoming();

    expect(await run("cost-ingest", slot)).to.equal(2);
    const expected = [aws ?? 0, azureFile ?? 0].map((id) => slotJobId("cost-ingest", id, slot));
    expect(await jobIds("cost-ingest")).to.have.members(expected);
  });

  it("fails when the database is away and completes the slot when it is back", async () => {
    await addCredentials(database.dataSource, [{}, {}]);
    const slot = upcoming();
    const away = await openDatabase(database.url);
    await away.destroy();

    const failure = await fanOut("sync", slot, { database: away, queues: first() }).then(
      () => null,
      (error: Error) => error,
    );

    expect(failure).to.be.instanceOf(Error);
    expect(await run("sync", slot)).to.equal(2);
    expect(await jobIds("sync")).to.have.length(2);
  });
});
