import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { claimJobRun, type Delivery, recordEnding } from "../../tables/claims.ts";
import { cancelJobRuns, findJobRun, findJobRunByKey, purgeJobRuns } from "../../tables/job-runs.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

describe("the ledger", () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await testDatabase();
  });
  afterEach(async () => database.close());

  const delivery = (changes: Partial<Delivery> = {}): Delivery => ({
    queue: "sync",
    jobId: "17",
    queuedAt: new Date("2026-01-01T00:00:00Z"),
    stalls: 0,
    retries: 0,
    worker: "test",
    silentMs: 6_000,
    payload: { userId: 1, credentialId: 2 },
    userId: 1,
    credentialId: 2,
    resourceId: null,
    idempotencyKey: null,
    traceparent: null,
    ...changes,
  });
  const claim = async (changes: Partial<Delivery> = {}) =>
    claimJobRun(database.dataSource, delivery(changes));
  type Claimed = Awaited<ReturnType<typeof claim>>;
  const end = async ({ run }: Claimed, state: "done" | "failed" | "retrying" | "held") =>
    recordEnding(
      database.dataSource.manager,
      { runId: run.id, fencingToken: run.fencingToken },
      { state, result: { rows: 3 } },
    );
  const enqueue = async (key: string | null = null): Promise<string> => {
    const [row]: { id: string }[] = await database.dataSource.query(
      `SELECT enqueue_job('sync', '{"userId":1,"credentialId":2}', $1) AS id`,
      [key],
    );
    return row?.id ?? "";
  };
  const silence = async () =>
    database.dataSource.query("UPDATE job_runs SET heartbeat_at = now() - interval '1 minute'");

  describe("one job in Redis", () => {
    it("continues the row that its id names, however often Redis has to be told of it", async () => {
      const id = await enqueue();

      const first = await claim({ jobId: id });
      await end(first, "retrying");
      const again = await claim({ jobId: id, queuedAt: new Date() });

      expect([first.run.id, again.run.id]).to.deep.equal([id, id]);
      expect(again).to.have.nested.include({ kind: "claimed", "run.attempt": 2 });
    });

    it("is a new job when Redis counts its ids from 1 again", async () => {
      const first = await claim();
      const second = await claim({ queuedAt: new Date() });

      expect(second.run.id).not.to.equal(first.run.id);
    });

    it("is left to the worker that has it when Redis was told of it a second time", async () => {
      const id = await enqueue();
      await claim({ jobId: id });

      expect(await claim({ jobId: id, queuedAt: new Date() })).to.have.property("kind", "busy");
    });

    it("is taken over from a worker that has gone silent, which counts as no crash", async () => {
      const id = await enqueue();
      await claim({ jobId: id });
      await silence();

      const again = await claim({ jobId: id, queuedAt: new Date() });
      expect(again.kind).to.equal("claimed");
      expect(again.run).to.include({ attempt: 1, starts: 2, crashes: 0, fencingToken: "2" });
    });

    it("is answered with the first outcome when it comes back after its end", async () => {
      const id = await enqueue();
      await end(await claim({ jobId: id }), "done");

      const again = await claim({ jobId: id, queuedAt: new Date() });
      expect(again).to.have.property("kind", "ended");
      expect(again.run.result).to.deep.equal({ rows: 3 });
    });

    it("runs again when an operator retries what came of a repetition", async () => {
      const id = await enqueue();
      await end(await claim({ jobId: id }), "failed");
      const queuedAt = new Date();
      await claim({ jobId: id, queuedAt });

      expect(await claim({ jobId: id, queuedAt })).to.have.property("kind", "ended");
      const retried = await claim({ jobId: id, queuedAt, retries: 1 });
      expect(retried).to.have.property("kind", "claimed");
    });
  });

  describe("two jobs with one idempotency key", () => {
    const idempotencyKey = "nightly";

    it("are one row, and the second waits while the first is not ended", async () => {
      const first = await claim({ idempotencyKey });
      const second = await claim({ idempotencyKey, jobId: "18" });
      await end(first, "retrying");
      const still = await claim({ idempotencyKey, jobId: "18" });

      expect(second).to.have.nested.include({ kind: "busy", "run.id": first.run.id });
      expect(still.kind).to.equal("busy");
    });

    for (const state of ["done", "failed", "held"] as const) {
      it(`end alike when the first is ${state}, also after Redis forgot the first`, async () => {
        const first = await claim({ idempotencyKey });
        await end(first, state);

        const second = await claim({ idempotencyKey, jobId: "18", queuedAt: new Date() });
        expect(second).to.have.nested.include({ kind: "ended", "run.id": first.run.id });
        expect(second.run.state).to.equal(state);
      });
    }

    it("wait for the one of the outbox when Redis has the other first", async () => {
      const id = await enqueue(idempotencyKey);

      expect(await claim({ idempotencyKey })).to.have.nested.include({
        kind: "busy",
        "run.id": id,
      });
      expect(await claim({ jobId: id })).to.have.property("kind", "claimed");
    });

    it("are one when the producer added the first again after Redis lost it", async () => {
      const first = await claim({ idempotencyKey, jobId: "key-1" });
      await silence();

      const again = await claim({ idempotencyKey, jobId: "key-1", queuedAt: new Date() });
      expect(again).to.have.nested.include({ kind: "claimed", "run.id": first.run.id });
    });

    it("are two jobs when they belong to two users or to two queues", async () => {
      const first = await claim({ idempotencyKey });
      const other = await claim({ idempotencyKey, userId: 2, jobId: "18" });
      const health = await claim({ idempotencyKey, queue: "health-check" });

      expect(new Set([first.run.id, other.run.id, health.run.id]).size).to.equal(3);
    });

    it("are found by their key", async () => {
      const first = await claim({ idempotencyKey });

      const found = await findJobRunByKey(database.dataSource, "sync", 1, idempotencyKey);
      expect(found?.id).to.equal(first.run.id);
    });

    it("may be two once the ledger has forgotten the first", async () => {
      const first = await claim({ idempotencyKey });
      await end(first, "done");
      await database.dataSource.query("UPDATE job_runs SET finished_at = now() - interval '9 d'");
      await purgeJobRuns(database.dataSource.manager, 7, 10);

      const second = await claim({ idempotencyKey, jobId: "18" });
      expect(second.kind).to.equal("claimed");
      expect(second.run.id).not.to.equal(first.run.id);
    });
  });

  it("forgets what ended long ago, but neither what is held nor what has not ended", async () => {
    for (const [index, state] of (["done", "failed", "held", "retrying"] as const).entries()) {
      await end(await claim({ jobId: `old-${index}` }), state);
    }
    await database.dataSource.query(
      `UPDATE job_runs SET created_at = now() - interval '91 d', finished_at = finished_at - interval '91 d'`,
    );
    await end(await claim({ jobId: "new" }), "done");

    const { manager } = database.dataSource;
    expect(await purgeJobRuns(manager, 90, 1)).to.equal(1);
    expect(await purgeJobRuns(manager, 90, 10)).to.equal(1);
    const rows: { job_id: string }[] = await database.dataSource.query(
      "SELECT job_id FROM job_runs ORDER BY job_id",
    );
    expect(rows.map((row) => row.job_id)).to.deep.equal(["new", "old-2", "old-3"]);
  });

  it("does not let a cancelled job start, and leaves a running one alone", async () => {
    const id = await enqueue();
    const running = await claim();

    expect(await cancelJobRuns(database.dataSource, "sync", [id, running.run.id])).to.equal(1);
    expect(await claim({ jobId: id })).to.have.property("kind", "ended");
    expect(await findJobRun(database.dataSource, "sync", id)).to.include({
      state: "given-up",
      errorCode: "CANCELLED",
    });
    expect(await findJobRun(database.dataSource, "sync", "17")).to.include({ state: "running" });
  });
});
