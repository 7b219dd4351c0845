import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { enqueue, enqueueAll } from "../../queues/enqueue.ts";
import { findJobRun } from "../../tables/job-runs.ts";
import { GiveUpError } from "../../workers/errors.ts";
import type { Handler } from "../../workers/handler.ts";
import { until } from "../support/until.ts";
import { type WorkerRig, workerRig } from "../support/worker-rig.ts";

describe("Turns", () => {
  let test: WorkerRig;
  let started: number[];
  let release: () => void;
  let released: Promise<void>;

  beforeEach(async () => {
    test = await workerRig();
    started = [];
    released = new Promise((resolve) => {
      release = resolve;
    });
  });
  afterEach(async () => {
    release();
    await test.close();
  });

  const note: Handler<"health-check"> = async (_, { userId }) => {
    started.push(userId);
  };
  const noteAndWait: Handler<"health-check"> = async (_, { userId }) => {
    started.push(userId);
    await released;
  };
  const jobs = (userId: number, count: number) =>
    Array.from({ length: count }, (_, index) => ({ payload: { userId, credentialId: index + 1 } }));
  const completed = async (count: number) =>
    until(async () => (await test.queues["health-check"].getCompletedCount()) === count);
  const syncRun = async (id: string) => findJobRun(test.database.dataSource, "sync", id);
  const syncs = async (...ids: string[]) =>
    until(async () => {
      const states = await Promise.all(ids.map(async (id) => test.queues.sync.getJobState(id)));
      return states.every((state) => state === "completed");
    });

  it("starts the 10 jobs of a quiet user among the first of 1,000 that were there before", async () => {
    await enqueueAll(test.queues["health-check"], "health-check", jobs(1, 1_000));
    await enqueueAll(test.queues["health-check"], "health-check", jobs(2, 10));

    await test.start({ "health-check": note }, { concurrency: 4 });
    await until(() => started.filter((userId) => userId === 2).length === 10);

    expect(started.lastIndexOf(2)).to.be.below(30);
  });

  it("lets no producer jump the line by leaving out the priority", async () => {
    await enqueueAll(test.queues["health-check"], "health-check", jobs(2, 10));
    const queue = test.queues["health-check"];
    await queue.addBulk(jobs(1, 1_000).map(({ payload }) => ({ name: "x", data: payload })));

    await test.start({ "health-check": note }, { concurrency: 4 });
    await until(() => started.filter((userId) => userId === 2).length === 10);

    expect(started.lastIndexOf(2)).to.be.below(30);
  });

  it("takes no attempt from a job that it sends back into line", async () => {
    const queue = test.queues["health-check"];
    await queue.add("x", { userId: 1, credentialId: 1 }, { jobId: "foreign" });
    await enqueueAll(queue, "health-check", jobs(2, 3));
    await test.redis.connection().hset(queue.toKey("fair:users"), "1", "2");

    await test.start({ "health-check": note }, { concurrency: 1 });
    await completed(4);

    expect(started).to.deep.equal([2, 2, 1, 2]);
    const run = await findJobRun(test.database.dataSource, "health-check", "foreign");
    expect(run).to.include({ state: "done", attempt: 1, starts: 1 });
  });

  it("runs no more jobs of a user than it may, and all of them in the end", async () => {
    let running = 0;
    let most = 0;
    const count: Handler<"health-check"> = async (_, { userId }) => {
      if (userId === 1) running += 1;
      most = Math.max(most, running);
      await until(() => most >= 3);
      await test.database.dataSource.query("SELECT pg_sleep(0.005)");
      if (userId === 1) running -= 1;
    };
    await enqueueAll(test.queues["health-check"], "health-check", jobs(1, 40));
    await enqueueAll(test.queues["health-check"], "health-check", jobs(2, 10));

    await test.start({ "health-check": count }, { concurrency: 8, userConcurrency: 3 });
    await completed(50);

    expect(most).to.equal(3);
    const attempts: unknown = await test.database.dataSource.query(
      "SELECT DISTINCT attempt, starts FROM job_runs",
    );
    expect(attempts).to.deep.equal([{ attempt: 1, starts: 1 }]);
  });

  it("keeps workers free for others while one user's jobs last", async () => {
    await enqueueAll(test.queues["health-check"], "health-check", jobs(1, 20));
    await test.start({ "health-check": noteAndWait }, { concurrency: 4, userConcurrency: 2 });
    await until(async () => (await test.queues["health-check"].getDelayedCount()) === 18);
    await until(() => started.length === 2);

    await enqueueAll(test.queues["health-check"], "health-check", jobs(2, 2));
    await until(() => started.length === 4);

    expect(started).to.deep.equal([1, 1, 2, 2]);
  });

  it("does not count jobs of a worker that was killed", async () => {
    const queue = test.queues["health-check"];
    const redis = test.redis.connection();
    await redis.sadd(queue.toKey("fair:slots:user:1"), "dead");
    await enqueueAll(queue, "health-check", jobs(1, 1));

    await test.start({ "health-check": note }, { concurrency: 1, userConcurrency: 1 });
    await completed(1);

    expect(await redis.exists(queue.toKey("fair:slots:user:1"))).to.equal(0);
  });

  it("runs the newest of several syncs of a credential, and ends the others as superseded by it", async () => {
    const payload = { userId: 1, credentialId: 2 };
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    // Of two jobs of one millisecond either may count as the newer one.
    const timestamp = Date.now() - 1_000;
    for (const jobId of ids) await test.queues.sync.add("sync", payload, { jobId, timestamp });
    const newest = await enqueue(test.queues.sync, "sync", payload);
    const runs: string[] = [];

    await test.start({ sync: async ({ runId }) => runs.push(runId) }, { concurrency: 2 });
    await syncs(...ids, newest);

    expect(runs).to.deep.equal([(await syncRun(newest))?.id]);
    for (const id of ids) {
      const run = await syncRun(id);
      expect(run).to.include({ state: "done", attempt: 1 });
      expect(run?.result).to.deep.equal({ superseded: true, by: newest });
    }
  });

  it("recognises the newer sync by whatever id its producer gave it", async () => {
    const payload = { userId: 1, credentialId: 2 };
    const older = await enqueue(test.queues.sync, "sync", payload);
    const newer = "n".repeat(450);
    await test.queues.sync.add("sync", payload, { jobId: newer, timestamp: Date.now() + 1_000 });

    await test.start({ sync: async () => "synced" }, { concurrency: 2 });
    await syncs(older, newer);

    expect((await syncRun(older))?.result).to.deep.equal({ superseded: true, by: newer });
  });

  it("runs a sync at the time it was asked for, whatever was asked for and done before that time", async () => {
    const payload = { userId: 1, credentialId: 2 };
    const later = await enqueue(test.queues.sync, "sync", payload, { delayMs: 600_000 });
    const now = await enqueue(test.queues.sync, "sync", payload);
    await test.start({ sync: async () => "synced" }, { concurrency: 1 });
    await syncs(now);

    await (await test.queues.sync.getJob(later))?.promote();
    await syncs(later);

    expect(await syncRun(later)).to.include({ state: "done", result: "synced" });
  });

  it("runs one sync of a credential at a time, and those that ask for something else too", async () => {
    let running = 0;
    let most = 0;
    let calls = 0;
    const queue = test.queues.sync;
    const sync: Handler<"sync"> = async () => {
      running += 1;
      most = Math.max(most, running);
      calls += 1;
      if (calls === 1) await until(async () => (await queue.getDelayedCount()) === 2);
      running -= 1;
    };
    const owner = { userId: 1, credentialId: 2 };
    const ids = [
      await enqueue(queue, "sync", { ...owner, regions: ["eu-west-1"] }),
      await enqueue(queue, "sync", { ...owner, regions: ["us-east-1"] }),
      await enqueue(queue, "sync", owner),
    ];

    await test.start({ sync }, { concurrency: 3 });
    await syncs(...ids);

    expect(most).to.equal(1);
    for (const id of ids) expect(await syncRun(id)).to.include({ attempt: 1, starts: 1 });
    expect((await syncRun(ids[0] ?? ""))?.result).to.equal(null);
  });

  it("runs an older sync after all when the newer one has failed", async () => {
    const payload = { userId: 1, credentialId: 2 };
    const older = await enqueue(test.queues.sync, "sync", payload);
    const newer = await enqueue(test.queues.sync, "sync", payload);
    let calls = 0;
    const sync: Handler<"sync"> = async () => {
      calls += 1;
      if (calls === 1) throw new GiveUpError("DENIED", "not today");
      return "synced";
    };

    await test.start({ sync }, { concurrency: 2 });
    await syncs(older);

    expect(await syncRun(newer)).to.include({ state: "given-up" });
    expect(await syncRun(older)).to.deep.include({ state: "done", result: "synced" });
  });

  it("lets nobody be in the way of a credential that belongs to another user", async () => {
    const sync: Handler<"sync"> = async (_, { userId }) => {
      started.push(userId);
      await released;
    };
    await enqueue(test.queues.sync, "sync", { userId: 1, credentialId: 2 });
    await enqueue(test.queues.sync, "sync", { userId: 2, credentialId: 2 });

    await test.start({ sync }, { concurrency: 2 });
    await until(() => started.length === 2);

    expect(started).to.have.members([1, 2]);
  });
});
