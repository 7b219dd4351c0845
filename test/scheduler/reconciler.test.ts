import { expect } from "chai";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, it } from "mocha";
import { pino } from "pino";
import { enqueue } from "../../queues/enqueue.ts";
import type { Queues } from "../../queues/open-queues.ts";
import { reconcile } from "../../scheduler/reconciler.ts";
import { startRelay } from "../../scheduler/relay.ts";
import { claimJobRun, recordEnding } from "../../tables/claims.ts";
import { cancelJobRuns, findJobRun } from "../../tables/job-runs.ts";
import type { TestDatabase } from "../support/database.ts";
import { until } from "../support/until.ts";
import { type WorkerRig, workerRig } from "../support/worker-rig.ts";

describe("reconcile", () => {
  let rig: WorkerRig;
  let database: TestDatabase;
  let connection: Redis;
  let queues: Queues;

  beforeEach(async () => {
    rig = await workerRig();
    ({ database, queues } = rig);
    connection = rig.redis.connection();
  });
  afterEach(async () => rig.close());

  const payload = { userId: 1, credentialId: 2 };
  const run = async () =>
    reconcile({ database: database.dataSource, queues, redis: connection, applyPending: true });
  /** What FLUSHALL does, in the corner of this test. */
  const wipe = async (): Promise<void> => {
    const keys = await connection.keys(`${rig.redis.prefix}*`);
    if (keys.length > 0) await connection.unlink(...keys);
  };
  const request = async (): Promise<string> => {
    const log = pino({ level: "silent" });
    const [row]: { id: string }[] = await database.dataSource.query(
      `SELECT enqueue_job('sync', '{"userId":1,"credentialId":2}') AS id`,
    );
    const relay = startRelay({
      databaseUrl: database.url,
      database: database.dataSource,
      queues,
      log,
    });
    await until(async () => {
      const left: unknown[] = await database.dataSource.query(
        "SELECT 1 FROM job_requests WHERE sent_at IS NULL",
      );
      return left.length === 0;
    });
    await relay.close();
    return row?.id ?? "";
  };
  const ledger = async (jobId: string) => findJobRun(database.dataSource, "sync", jobId);
  const claim = async (jobId: string) => {
    const job = await queues.sync.getJob(jobId);
    const { run: claimed } = await claimJobRun(database.dataSource, {
      queue: "sync",
      jobId,
      queuedAt: new Date(job?.timestamp ?? 0),
      stalls: 0,
      retries: 0,
      worker: "test",
      silentMs: 6_000,
      payload,
      userId: 1,
      credentialId: 2,
      resourceId: null,
      idempotencyKey: null,
      traceparent: null,
    });
    return { runId: claimed.id, fencingToken: claimed.fencingToken };
  };

  it("changes nothing while Redis has what is owed", async () => {
    await request();

    expect(await run()).to.deep.equal({ adopted: 0, requested: 0, putBack: 0 });
  });

  it("puts a lost job back under its id in the ledger, with payload and retention", async () => {
    const id = await request();
    await wipe();

    expect(await run()).to.deep.equal({ adopted: 0, requested: 0, putBack: 1 });
    const job = await queues.sync.getJob(id);
    expect(job?.data).to.deep.equal(payload);
    expect(job?.opts.removeOnFail).to.be.an("object");
    expect(await run()).to.include({ putBack: 0 });
  });

  for (const place of ["wait", "prioritized", "delayed"] as const) {
    it(`puts a job back whose key is all that is left when ${place} was deleted`, async () => {
      const id = await request();
      const changes = { wait: {}, prioritized: { priority: 5 }, delayed: { delay: 60_000 } }[place];
      await queues.sync.remove(id);
      await queues.sync.add("sync", payload, { jobId: id, ...changes });
      await connection.unlink(queues.sync.toKey(place));

      expect(await run()).to.include({ putBack: 1 });
      expect(await queues.sync.getJobState(id)).to.equal("waiting");
      expect(await run()).to.include({ putBack: 0 });
    });
  }

  it("puts a job of a producer back whose list was deleted, and leaves no key behind", async () => {
    await queues.sync.add("sync", payload, { jobId: "theirs" });
    await run();
    await connection.unlink(queues.sync.toKey("wait"));

    expect(await run()).to.include({ putBack: 1 });
    const id = (await ledger("theirs"))?.id ?? "";
    expect(await queues.sync.getJobState(id)).to.equal("waiting");
    expect(await connection.exists(queues.sync.toKey("theirs"))).to.equal(0);
  });

  it("goes on when a place or a key was overwritten", async () => {
    const id = await request();
    await wipe();
    await connection.set(queues.sync.toKey(id), "no job");
    await connection.set(queues.sync.toKey("delayed"), "no place");
    await connection.set(queues["cost-ingest"].toKey("wait"), "no list");

    expect(await run()).to.include({ putBack: 1 });
    expect(await queues.sync.getJob(id)).to.deep.include({ data: payload });
  });

  it("enters all jobs that wait, however many", async () => {
    const jobs = Array.from({ length: 60_000 }, (_, index) => String(index));
    const entries = jobs.flatMap((id) => [id, `job-${id}`]);
    await connection.zadd(queues.sync.toKey("prioritized"), ...entries);
    await connection.hset(queues.sync.toKey("job-59999"), {
      timestamp: Date.now(),
      data: JSON.stringify(payload),
    });

    expect(await run()).to.include({ adopted: 1 });
  });

  it("leaves what lies in the outbox to the relay", async () => {
    await database.dataSource.query(`SELECT enqueue_job('sync', '{"userId":1,"credentialId":2}')`);

    expect(await run()).to.include({ putBack: 0 });
  });

  it("enters jobs that producers added themselves, and brings them back when they are lost", async () => {
    const first = await enqueue(queues.sync, "sync", payload);
    const keyed = await enqueue(queues.sync, "sync", { ...payload, idempotencyKey: "k" });
    const [counted] = await queues.sync.addBulk([{ name: "sync", data: payload }]);
    const delayed = await enqueue(queues.sync, "sync", payload, { delayMs: 3_600_000 });
    const urgent = await enqueue(queues.sync, "sync", payload, { priority: 5 });

    expect(await run()).to.deep.equal({ adopted: 5, requested: 0, putBack: 0 });
    expect(await run()).to.include({ adopted: 0 });
    for (const id of [first, keyed, counted?.id ?? "", delayed, urgent]) {
      expect(await ledger(id)).to.include({ state: "queued", userId: 1 });
    }
    await wipe();

    expect(await run()).to.include({ putBack: 5 });
    expect(await queues.sync.getJobCounts("waiting", "delayed")).to.deep.equal({
      waiting: 4,
      delayed: 1,
    });
  });

  it("does not enter what is no valid job", async () => {
    await queues.sync.add("sync", { userId: "1" });
    await queues.sync.add("sync", payload, { jobId: "broken" });
    await connection.hset(queues.sync.toKey("broken"), "data", "{not json");
    await connection.lpush(queues.sync.toKey("wait"), "no-hash", "no\0text");

    expect(await run()).to.deep.equal({ adopted: 0, requested: 0, putBack: 0 });
  });

  it("does not take a job with a known id for another one that had it before", async () => {
    const job = await queues.sync.add("sync", payload);
    await claim(job.id ?? "");
    await wipe();
    const next = await queues.sync.add("sync", payload);
    await database.dataSource.query("UPDATE job_runs SET heartbeat_at = now() - interval '1 min'");

    expect(next.id).to.equal(job.id);
    expect(await run()).to.include({ putBack: 1 });
  });

  for (const state of ["retrying", "handed-back"] as const) {
    it(`puts back a job that was ${state}`, async () => {
      const id = await enqueue(queues.sync, "sync", payload);
      await recordEnding(database.dataSource.manager, await claim(id), { state });
      await wipe();

      expect(await run()).to.include({ putBack: 1 });
      expect(await queues.sync.getJobState((await ledger(id))?.id ?? "")).to.equal("waiting");
    });
  }

  it("puts a running job back only after its worker has gone silent", async () => {
    const id = await enqueue(queues.sync, "sync", payload);
    await claim(id);
    await wipe();
    expect(await run()).to.include({ putBack: 0 });

    await database.dataSource.query("UPDATE job_runs SET heartbeat_at = now() - interval '16 s'");
    expect(await run()).to.include({ putBack: 1 });
  });

  for (const state of ["done", "given-up", "failed", "held"] as const) {
    it(`leaves a job alone that is ${state}`, async () => {
      const id = await enqueue(queues.sync, "sync", payload);
      await recordEnding(database.dataSource.manager, await claim(id), { state });
      await wipe();

      expect(await run()).to.deep.equal({ adopted: 0, requested: 0, putBack: 0 });
    });
  }

  it("leaves a cancelled job alone", async () => {
    const id = await request();
    await cancelJobRuns(database.dataSource, "sync", [id]);
    await wipe();

    expect(await run()).to.include({ putBack: 0 });
  });

  it("adds a job again that Redis ended without a word in the ledger", async () => {
    const id = await request();
    const now = String(Date.now());
    await connection.lrem(queues.sync.toKey("wait"), 1, id);
    await connection.zadd(queues.sync.toKey("failed"), now, id);
    await connection.hset(queues.sync.toKey(id), "finishedOn", now, "failedReason", "stalled");

    expect(await run()).to.include({ putBack: 1 });
    expect(await queues.sync.getJobState(id)).to.equal("waiting");
  });
});
