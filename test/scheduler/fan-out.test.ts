import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { JobRun } from "../../entities/job-run.ts";
import type { QueueName } from "../../queues/contract.ts";
import { type FanOutOrder, fanOut } from "../../scheduler/fan-out.ts";
import { type Slot, slotJobId, startTime } from "../../scheduler/slots.ts";
import { addCredentials } from "../support/credentials.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { failureOf } from "../support/failure.ts";

const hour = 3_600_000;

describe("fanOut", () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await testDatabase();
  });
  afterEach(async () => database.close());

  const slotAt = (time: number): Slot => ({ at: new Date(time), next: new Date(time + hour) });
  const upcoming = (): Slot => slotAt(Math.ceil(Date.now() / hour) * hour);
  const order: FanOutOrder = { id: 3, userId: null, credentialId: null, payload: {} };
  const run = async (name: QueueName, slot: Slot, changes: Partial<FanOutOrder> = {}) =>
    database.dataSource.transaction(async (manager) =>
      fanOut(name, { ...order, ...changes }, slot, manager),
    );
  const ownerOf = async (credentialId: number): Promise<number> => {
    const [row]: { user_id: number }[] = await database.dataSource.query(
      "SELECT user_id FROM credentials WHERE id = $1",
      [credentialId],
    );
    return row?.user_id ?? 0;
  };
  /** What the ledger has been asked for, in the order of the credentials or resources. */
  const requested = async (): Promise<JobRun[]> =>
    database.dataSource
      .getRepository(JobRun)
      .find({ order: { credentialId: "ASC", resourceId: "ASC" } });
  const jobIds = async () => (await requested()).map(({ jobId }) => jobId);
  const unsent = async (): Promise<unknown[]> =>
    database.dataSource.query("SELECT id FROM job_requests WHERE sent_at IS NULL");

  it("requests each job exactly once from five replicas at the same time", async () => {
    const ids = await addCredentials(
      database.dataSource,
      Array.from({ length: 2_500 }, () => ({})),
    );
    const slot = upcoming();

    const due = await Promise.all([1, 2, 3, 4, 5].map(async () => run("sync", slot)));

    expect(due).to.deep.equal([2_500, 2_500, 2_500, 2_500, 2_500]);
    expect(await jobIds()).to.deep.equal(ids.map((id) => slotJobId("sync", 3, id, slot)));
    expect(await unsent()).to.have.length(2_500);
  });

  it("requests nothing unless the transaction commits", async () => {
    await addCredentials(database.dataSource, [{}]);
    const undone = database.dataSource.transaction(async (manager) => {
      await fanOut("sync", order, upcoming(), manager);
      throw new Error("as if the process had gone");
    });

    await failureOf(undone);

    expect(await requested()).to.deep.equal([]);
  });

  it("does not request a slot again that a late replica repeats after the job is done", async () => {
    await addCredentials(database.dataSource, [{}]);
    const slot = slotAt(Date.now() - hour);
    await run("sync", slot);
    await database.dataSource.query("UPDATE job_runs SET state = 'done', finished_at = now()");
    await database.dataSource.query("UPDATE job_requests SET sent_at = now()");

    await run("sync", slot);

    expect((await requested()).map(({ state }) => state)).to.deep.equal(["done"]);
    expect(await unsent()).to.deep.equal([]);
  });

  it("starts a job at its place between the slot and the next, whenever the replica comes", async () => {
    const [id = 0] = await addCredentials(database.dataSource, [{}]);
    for (const slot of [upcoming(), slotAt(Date.now() - 2 * hour)]) {
      await run("sync", slot);

      const job = (await requested()).find(
        ({ queuedAt }) => queuedAt.getTime() === slot.at.getTime(),
      );
      expect(job).to.include({ credentialId: id, state: "queued" });
      expect(job?.runAt).to.deep.equal(startTime("sync", id, slot));
    }
  });

  it("requests the jobs of one user or one credential only, at the slot and with the given fields", async () => {
    const mine = await addCredentials(database.dataSource, [{}, {}]);
    const [other = 0] = await addCredentials(database.dataSource, [{}]);
    const userId = await ownerOf(other);
    const slot = slotAt(Math.ceil(Date.now() / hour) * hour + hour);
    const payload = { regions: ["eu-west-1"] };

    expect(await run("sync", slot, { userId, payload })).to.equal(1);
    const one = { id: 4, credentialId: mine[1] ?? 0 };
    expect(await run("sync", slot, one)).to.equal(1);
    const notTheirs = { id: 5, userId, credentialId: mine[1] ?? 0 };
    expect(await run("sync", slot, notTheirs)).to.equal(0);

    const jobs = await requested();
    expect(jobs.map((job) => job.payload)).to.have.deep.members([
      { regions: ["eu-west-1"], userId, credentialId: other },
      { userId: await ownerOf(mine[1] ?? 0), credentialId: mine[1] },
    ]);
    for (const { runAt } of jobs) expect(runAt).to.deep.equal(slot.at);
  });

  it("requests Terraform jobs for the active resources", async () => {
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
    const drift = { payload: { action: "drift" } };

    expect(await run("terraform-apply", upcoming(), drift)).to.equal(2);
    expect(await run("terraform-apply", upcoming(), { ...drift, id: 4, credentialId })).to.equal(1);

    const jobs = await requested();
    expect(jobs.map((job) => job.resourceId)).to.deep.equal([managed, managed, unmanaged]);
    expect(jobs.map((job) => job.payload)).to.have.deep.members([
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
    expect(await jobIds()).to.deep.equal([slotJobId("sync", 3, active ?? 0, slot)]);
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
    expect(await jobIds()).to.have.members(expected);
  });
});
