import type { JobType } from "bullmq";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { pino } from "pino";
import { JobRun } from "../../entities/job-run.ts";
import { enqueue } from "../../queues/enqueue.ts";
import { RawQueue } from "../../queues/raw-queue.ts";
import { redactRawText } from "../../runtime/redact.ts";
import { storableId } from "../../runtime/storable.ts";
import { reconcile } from "../../scheduler/reconciler.ts";
import { startSweeper, sweepQueues } from "../../scheduler/sweeper.ts";
import { withAdvisoryLock } from "../../tables/advisory-lock.ts";
import { countRejectedJobs } from "../../tables/rejected-jobs.ts";
import { openDashboard } from "../support/dashboard.ts";
import { goodFields, type MalformedJob, malformedJobs } from "../support/malformed-jobs.ts";
import { until } from "../support/until.ts";
import { type WorkerRig, workerRig } from "../support/worker-rig.ts";

const states: JobType[] = [
  "wait",
  "active",
  "prioritized",
  "delayed",
  "completed",
  "failed",
  "waiting-children",
];

describe("the sweeper", () => {
  let rig: WorkerRig;
  let prefix: string;
  const setUp = async () => {
    rig = await workerRig();
    prefix = `${rig.redis.prefix}:sync:`;
  };
  /** Whatever a test leaves running when it fails would keep the whole run from ending. */
  const cleanups: (() => void | Promise<void>)[] = [];
  const tearDown = async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
    await rig.close();
  };

  const options = () => ({
    database: rig.database.dataSource,
    redis: rig.redis.connection(),
    prefix: rig.redis.prefix,
    everyMs: 20,
    log: pino({ level: "silent" }),
  });
  const ledger = async (job: Pick<MalformedJob, "id">): Promise<JobRun | null> => {
    const jobId = storableId(redactRawText(job.id.toString()));
    return rig.database.dataSource.getRepository(JobRun).findOneBy({ queue: "sync", jobId });
  };
  const keysOf = async (id: string | Buffer): Promise<number> =>
    rig.redis.connection().exists(Buffer.concat([Buffer.from(prefix), Buffer.from(id)]));

  describe("in one sweep", () => {
    before(setUp);
    after(tearDown);

    for (const job of malformedJobs) {
      it(`takes out ${job.title} and keeps why`, async () => {
        await job.write(rig.redis.connection(), prefix);

        expect(await sweepQueues(options())).to.equal(1);

        expect(await ledger(job)).to.include({ state: "rejected", errorCode: job.reason });
        expect(await rig.queues.sync.getJobs(states)).to.deep.equal([]);
        expect(await rig.queues.sync.count()).to.equal(0);
        expect(await keysOf(job.id)).to.equal(0);
      });
    }
  });

  describe("beside others", () => {
    beforeEach(setUp);
    afterEach(tearDown);

    it("takes all of them out in one sweep; lists, dashboard and a valid neighbour go on", async () => {
      const redis = rig.redis.connection();
      const dashboard = await openDashboard(rig.queues);
      cleanups.push(async () => dashboard.close());
      for (const job of malformedJobs) await job.write(redis, prefix);
      const neighbour = await enqueue(rig.queues.sync, "sync", { userId: 1, credentialId: 2 });
      expect(await dashboard.statusOf("sync", "waiting")).to.equal(500);

      expect(await sweepQueues(options())).to.equal(malformedJobs.length);

      for (const state of ["latest", "waiting", "active", "prioritized", "delayed", "failed"]) {
        expect(await dashboard.statusOf("sync", state)).to.equal(200);
      }
      const left = await rig.queues.sync.getJobs(states);
      expect(left.map((job) => job.id)).to.deep.equal([neighbour]);
      const counts = await countRejectedJobs(rig.database.dataSource);
      const total = counts.reduce((sum, { count }) => sum + count, 0);
      expect(total).to.equal(malformedJobs.length);
      expect(counts).to.deep.include({ queue: "sync", reason: "OPTS_NOT_JSON", count: 2 });
      await rig.start({ sync: async () => "done" });
      await until(async () => (await rig.queues.sync.getJobState(neighbour)) === "completed");
    });

    it("finds them in the hands of a worker that cannot read them, while it completes their neighbours", async () => {
      let runs = 0;
      const count = async () => {
        runs += 1;
      };
      await rig.start({ sync: count });
      const redis = rig.redis.connection();
      const sweeper = startSweeper(options());
      cleanups.push(async () => sweeper.close());
      for (const [rank, job] of malformedJobs.entries()) {
        await job.write(redis, prefix);
        await enqueue(rig.queues.sync, "sync", { userId: 1, credentialId: rank + 1 });
      }

      // A key of a wrong type breaks the script that would wake the worker: it looks again after five seconds.
      await until(async () => (await rig.queues.sync.getCompletedCount()) >= malformedJobs.length);
      const unreadable = malformedJobs.filter(({ reason }) => reason.endsWith("_NOT_JSON"));
      await until(async () => {
        const rows = await Promise.all(unreadable.map(ledger));
        return rows.every((row) => row?.state === "rejected");
      });
      await until(async () => (await rig.queues.sync.getActiveCount()) === 0);

      expect(runs).to.be.at.least(malformedJobs.length);
      expect((await rig.queues.sync.getJobs(["active", "wait"])).length).to.equal(0);
    });

    it("keeps the raw text without secrets, with every byte readable", async () => {
      const redis = rig.redis.connection();
      for (const job of malformedJobs) await job.write(redis, prefix);
      await sweepQueues(options());

      const rq = await ledger({ id: '{"userId":1,"credentialId":2,"password":"hunter2"}' });
      expect(rq?.raw).to.include('"credentialId":2').and.not.include("hunter2");
      expect(rq?.payload).to.deep.equal({ userId: 1, credentialId: 2, password: "[redacted]" });
      expect((await ledger({ id: "py" }))?.raw)
        .to.include("'userId': 1")
        .and.not.include("abc");
      expect((await ledger({ id: "nul" }))?.raw).to.include('data: {"a":"\\u0000"}');
      expect((await ledger({ id: "bin" }))?.raw).to.include("\\x9c\\x00\\xff");
      const large = await ledger({ id: "large" });
      expect(large?.raw?.length).to.be.within(16_000, 20_000);
      expect(large?.errorMessage).to.include("1000022 bytes");
    });

    it("leaves alone a job that was changed since it was read", async () => {
      const redis = rig.redis.connection();
      const queue = new RawQueue(redis, rig.redis.prefix, "sync");
      await redis.hset(`${prefix}job`, { ...goodFields, data: "{" });
      await redis.lpush(`${prefix}wait`, "job");
      const { jobs } = await queue.read("wait", 0, 10);
      await redis.hset(`${prefix}job`, { data: goodFields.data });

      const [job] = jobs;
      expect(job && (await queue.remove(job, "wait"))).to.equal(false);

      expect(await rig.queues.sync.getWaitingCount()).to.equal(1);
    });

    it("takes out an id that names one of the queue's own keys, and leaves that key", async () => {
      const redis = rig.redis.connection();
      await enqueue(rig.queues.sync, "sync", { userId: 1, credentialId: 2 });
      for (const id of ["meta", "wait", "events"]) await redis.lpush(`${prefix}wait`, id);

      await sweepQueues(options());

      expect(await rig.queues.sync.getPrioritizedCount()).to.equal(1);
      expect(await redis.exists(`${prefix}meta`, `${prefix}events`)).to.equal(2);
    });

    it("takes out the spoilt copy of a job that the ledger owes; the reconciler puts it back in order", async () => {
      const redis = rig.redis.connection();
      const { dataSource } = rig.database;
      const opts = { jobId: "owed", backoff: { type: "fibonacci" } };
      await rig.queues.sync.add("sync", { userId: 1, credentialId: 2 }, opts);
      const services = { database: dataSource, queues: rig.queues, redis, applyPending: true };
      await reconcile(services);

      expect(await sweepQueues(options())).to.equal(1);
      await reconcile(services);

      const row = await ledger({ id: "owed" });
      expect(row?.state).to.equal("queued");
      const [job] = await rig.queues.sync.getWaiting();
      expect(job?.id).to.equal(row?.id);
      expect(await sweepQueues(options())).to.equal(0);
    });

    it("goes on with other places when one was overwritten", async () => {
      const redis = rig.redis.connection();
      await redis.set(`${prefix}wait`, "gone");
      await redis.zadd(`${prefix}delayed`, 1, "ghost");

      expect(await sweepQueues(options())).to.equal(1);
    });

    it("does not touch jobs that run, wait or ended and are well", async () => {
      for (let credentialId = 1; credentialId <= 450; credentialId += 1) {
        await enqueue(rig.queues.sync, "sync", { userId: 1, credentialId }, { priority: 5 });
      }
      const payload = { userId: 1, credentialId: 2 };
      await enqueue(rig.queues.sync, "sync", payload, { delayMs: 60_000 });

      expect(await sweepQueues(options())).to.equal(0);

      expect(await rig.queues.sync.count()).to.equal(451);
      expect(await countRejectedJobs(rig.database.dataSource)).to.deep.equal([]);
    });

    it("leads alone, and takes over when the leader is gone", async () => {
      const { dataSource } = rig.database;
      let letGo = (): void => {};
      cleanups.push(() => letGo());
      const other = withAdvisoryLock(
        dataSource,
        "sweeper",
        async () =>
          new Promise<void>((resolve) => {
            letGo = resolve;
          }),
      );
      const sweeper = startSweeper(options());
      cleanups.push(async () => sweeper.close());
      await malformedJobs[0]?.write(rig.redis.connection(), prefix);
      const asked = "SELECT pg_try_advisory_lock%";
      await until(async () => {
        const rows: unknown[] = await dataSource.query(
          "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle' AND query LIKE $1",
          [asked],
        );
        return rows.length >= 2;
      });
      expect(await rig.queues.sync.getWaitingCount()).to.equal(1);

      letGo();
      await other;

      await until(async () => (await rig.queues.sync.getWaitingCount()) === 0);
    });
  });
});
