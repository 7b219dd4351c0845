import { Worker } from "bullmq";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { closeQueues, openQueues, type Queues } from "../../queues/open-queues.ts";
import { openDatabase } from "../../runtime/database.ts";
import { type FanOutOrder, fanOut } from "../../scheduler/fan-out.ts";
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
  const order: FanOutOrder = { id: 3, userId: null, credentialId: null, payload: {} };
  const run = async (
    name: "sync" | "cost-ingest",
    slot: Slot,
    queues = first(),
    changes: Partial<FanOutOrder> = {},
  ) => fanOut(name, { ...order, ...changes }, slot, { database: database.dataSource, queues });
  const ownerOf = async (credentialId: number): Promise<number> => {
    const [row]: { user_id: number }[] = await database.dataSource.query(
      "SELECT user_id FROM credentials WHERE id = $1",
      [credentialId],
    );
    return row?.user_id ?? 0;
  };
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
    const expected = ids.map((id) => slotJobId("sync", 3, id, slot)).toSorted();
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

  it("enqueues the jobs of one user or one credential only, at the slot and with the given fields", async () => {
    const mine = await addCredentials(database.dataSource, [{}, {}]);
    const [other = 0] = await addCredentials(database.dataSource, [{}]);
    const userId = await ownerOf(other);
    const slot = slotAt(Math.ceil(Date.now() / hour) * hour + hour);
    const payload = { regions: ["eu-west-1"] };

    expect(await run("sync", slot, first(), { userId, payload })).to.equal(1);
    const one = { id: 4, credentialId: mine[1] ?? 0 };
    expect(await run("sync", slot, first(), one)).to.equal(1);
    const notTheirs = { id: 5, userId, credentialId: mine[1] ?? 0 };
    expect(await run("sync", slot, first(), notTheirs)).to.equal(0);

    const jobs = await first().sync.getDelayed();
    expect(jobs.map((job) => job.data)).to.have.deep.members([
      { regions: ["eu-west-1"], userId, credentialId: other },
      { userId: await ownerOf(mine[1] ?? 0), credentialId: mine[1] },
    ]);
    for (const { timestamp, delay } of jobs) {
      expect(timestamp + (delay ?? 0)).to.be.closeTo(slot.at.getTime(), 1_000);
    }
  });

  it("enqueues Terraform jobs for the active resources", async () => {
    const [credentialId = 0] = await addCredentials(database.dataSource, [{}]);
    const userId = await ownerOf(credentialId);
    const rows: { id: number }[] = await database.dataSource.query(
      `INSERT INTO resources (user_id, credential_id, name, provider, type, status)
       SELECT $1, given.credential, 'web', 'aws', 'vm', given.status
       FROM (VALUES ($2::INTEGER, 'active'), (NULL, 'active'), ($2, 'destroyed')) AS given (credential, status)
       RETURNING id`,
      [userId, credentialId],
    );
    const [managed, unmanaged] = rows.map((row) => row.id);
    const drift = { ...order, payload: { action: "drift" } };
    const services = { database: database.dataSource, queues: first() };

    const scoped = { ...drift, id: 4, credentialId };
    expect(await fanOut("terraform-apply", drift, upcoming(), services)).to.equal(2);
    expect(await fanOut("terraform-apply", scoped, upcoming(), services)).to.equal(1);

    const jobs = await first()["terraform-apply"].getDelayed();
    expect(jobs.map((job) => job.data)).to.have.deep.members([
      { action: "drift", userId, resourceId: managed },
      { action: "drift", userId, resourceId: managed },
      { action: "drift", userId, resourceId: unmanaged },
    ]);
  });

  it("skips credentials that are not active", async () => {
    const [, active] = await addCredentials(database.dataSource, [
      { isActive: false },
      { isActive: true },
      { isActive: null },
    ]);
    const slot = upcoming();

    expect(await run("sync", slot)).to.equal(1);
    expect(await jobIds("sync")).to.deep.equal([slotJobId("sync", 3, active ?? 0, slot)]);
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
    const expected = [aws ?? 0, azureFile ?? 0].map((id) => slotJobId("cost-ingest", 3, id, slot));
    expect(await jobIds("cost-ingest")).to.have.members(expected);
  });

  it("fails when the database is away and completes the slot when it is back", async () => {
    await addCredentials(database.dataSource, [{}, {}]);
    const slot = upcoming();
    const away = await openDatabase(database.url);
    await away.destroy();

    const failure = await fanOut("sync", order, slot, { database: away, queues: first() }).then(
      () => null,
      (error: Error) => error,
    );

    expect(failure).to.be.instanceOf(Error);
    expect(await run("sync", slot)).to.equal(2);
    expect(await jobIds("sync")).to.have.length(2);
  });
});
