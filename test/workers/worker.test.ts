import type { Queue } from "bullmq";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { pino } from "pino";
import { enqueue } from "../../queues/enqueue.ts";
import { FairLine } from "../../queues/fair-line.ts";
import type { Queues } from "../../queues/open-queues.ts";
import { findJobRun } from "../../tables/job-runs.ts";
import { GiveUpError, RetryError } from "../../workers/errors.ts";
import type { Handler } from "../../workers/handler.ts";
import { makeProcessor } from "../../workers/process-job.ts";
import { Turns } from "../../workers/turns.ts";
import type { RunningWorkers } from "../../workers/worker.ts";
import type { TestDatabase } from "../support/database.ts";
import { until } from "../support/until.ts";
import { type WorkerRig, workerRig } from "../support/worker-rig.ts";
import { noHandlers, testServices } from "../support/worker-services.ts";

describe("startWorkers", () => {
  let rig: WorkerRig;
  let database: TestDatabase;
  let queues: Queues;

  beforeEach(async () => {
    rig = await workerRig();
    ({ database, queues } = rig);
  });
  afterEach(async () => rig.close());

  const start = async (sync: Handler<"sync">, drainMs = 0): Promise<RunningWorkers> =>
    rig.start({ sync }, { drainMs });
  const state = async (queue: Queue, id: string): Promise<string> => queue.getJobState(id);
  const ledger = async (id: string) => findJobRun(database.dataSource, "sync", id);
  const payload = { userId: 1, credentialId: 2 };

  it("is given the abort signal by BullMQ, which looks at the number of parameters", () => {
    const line = new FairLine(rig.redis.connection(), { base: "unused", isExclusive: true });
    const options = { line, database: database.dataSource, userConcurrency: 0 };

    const services = { ...testServices(database.dataSource), log: pino({ level: "silent" }) };

    const processor = makeProcessor("sync", noHandlers, services, new Turns("sync", options));

    expect(processor.length).to.equal(3);
  });

  it("completes a job with the handler's result and shows its progress", async () => {
    await start(async ({ progress }) => {
      await progress(40, "almost half");
      return { rows: 5 };
    });

    const id = await enqueue(queues.sync, "sync", payload);
    const job = await until(async () => {
      const found = await queues.sync.getJob(id);
      return found?.finishedOn ? found : undefined;
    });

    expect(job?.returnvalue).to.deep.equal({ rows: 5 });
    expect(job?.progress).to.equal(40);
    expect((await queues.sync.getJobLogs(id)).logs).to.deep.equal(["almost half"]);
    expect(await ledger(id)).to.include({ state: "done" });
  });

  it("fails a job that gives up, at once, whatever number of attempts its producer asked for", async () => {
    let runs = 0;
    await start(async () => {
      runs += 1;
      throw new GiveUpError("NO", "not so", "/credentialId");
    });

    await queues.sync.add("sync", payload, { jobId: "greedy", attempts: 50 });
    await until(async () => (await state(queues.sync, "greedy")) === "failed");

    const job = await queues.sync.getJob("greedy");
    expect(job?.failedReason).to.equal("NO /credentialId: not so");
    expect(runs).to.equal(1);
  });

  it("ends a second job with the same idempotency key with the result of the first, and runs it once", async () => {
    let runs = 0;
    await start(async () => {
      runs += 1;
      return { rows: runs };
    });
    const keyed = { ...payload, idempotencyKey: "once" };

    await queues.sync.add("sync", keyed, { jobId: "first" });
    await until(async () => (await state(queues.sync, "first")) === "completed");
    await queues.sync.add("sync", keyed, { jobId: "second" });
    await until(async () => (await state(queues.sync, "second")) === "completed");

    expect((await queues.sync.getJob("second"))?.returnvalue).to.deep.equal({ rows: 1 });
    expect(runs).to.equal(1);
  });

  it("does not run a job again that an older Redis brings back, but does when an operator retries it", async () => {
    let runs = 0;
    await start(async () => {
      runs += 1;
      return { rows: runs };
    });
    const client = rig.redis.connection();
    const key = queues.sync.toKey("lost");
    await queues.sync.pause();
    await queues.sync.add("sync", payload, { jobId: "lost", priority: 1 });
    const before = await client.hgetall(key);
    await queues.sync.resume();
    await until(async () => (await state(queues.sync, "lost")) === "completed");

    // What a Redis does that has lost its last second: the job waits as if nobody had taken it.
    await client
      .multi()
      .zrem(queues.sync.toKey("completed"), "lost")
      .del(key)
      .hset(key, before)
      .zadd(queues.sync.toKey("prioritized"), 2 ** 32, "lost")
      .zadd(queues.sync.toKey("marker"), 0, "0")
      .exec();
    await until(async () => (await state(queues.sync, "lost")) === "completed");
    expect(runs).to.equal(1);
    const job = await queues.sync.getJob("lost");
    expect(job?.returnvalue).to.deep.equal({ rows: 1 });

    await job?.retry("completed");
    await until(async () => (await state(queues.sync, "lost")) === "completed");
    expect(runs).to.equal(2);
  });

  it("does not run a job again that stands in two places", async () => {
    let runs = 0;
    await start(async () => {
      runs += 1;
    });
    const client = rig.redis.connection();
    await queues.sync.add("sync", payload, { jobId: "twice" });
    await until(async () => (await state(queues.sync, "twice")) === "completed");

    await client.lpush(queues.sync.toKey("wait"), "twice");
    await client.zadd(queues.sync.toKey("marker"), 0, "0");
    await until(async () => (await client.llen(queues.sync.toKey("wait"))) === 0);
    await until(async () => (await queues.sync.getActiveCount()) === 0);

    expect(runs).to.equal(1);
  });

  it("keeps a job whose counters in Redis are no numbers", async () => {
    await start(async () => "ran");
    await queues.sync.pause();
    await queues.sync.add("sync", payload, { jobId: "odd" });
    const odd = { stc: "often", ats: "99999999999" };
    await rig.redis.connection().hset(queues.sync.toKey("odd"), odd);
    await queues.sync.resume();

    await until(async () => (await state(queues.sync, "odd")) === "completed");
  });

  it("lets a second job with the same idempotency key wait while the first is running", async () => {
    let release = (): void => {};
    let isRunning = false;
    await start(async () => {
      isRunning = true;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    });
    const keyed = { ...payload, idempotencyKey: "once" };

    await queues.sync.add("sync", keyed, { jobId: "first" });
    await until(() => isRunning);
    await queues.sync.add("sync", keyed, { jobId: "second" });
    await until(async () => (await state(queues.sync, "second")) === "delayed");
    release();

    await until(async () => (await state(queues.sync, "first")) === "completed");
  });

  it("delays a job that may succeed later, also when its producer asked for no attempts", async () => {
    await start(async () => Promise.reject(new RetryError("BUSY", "later", { afterMs: 60_000 })));

    await queues.sync.add("sync", payload, { jobId: "modest" });
    await until(async () => (await state(queues.sync, "modest")) === "delayed");

    const job = await queues.sync.getJob("modest");
    expect(job?.delay).to.be.within(59_000, 61_000);
    expect(await ledger("modest")).to.include({ state: "retrying", errorCode: "BUSY", attempt: 1 });
  });

  it("comes back within a day, whatever a provider says about its return", async () => {
    await start(async () => Promise.reject(new RetryError("BUSY", "later", { afterMs: 1e15 })));

    await queues.sync.add("sync", payload, { jobId: "patient" });
    await until(async () => (await state(queues.sync, "patient")) === "delayed");

    const job = await queues.sync.getJob("patient");
    expect(job?.delay).to.be.within(86_390_000, 86_400_000);
  });

  it("keeps a job that could not be claimed because the ledger is away", async () => {
    await start(async () => "never");
    await database.dataSource.query("ALTER TABLE job_runs RENAME TO job_runs_away");

    await queues.sync.add("sync", payload, { jobId: "patient" });
    await until(async () => (await state(queues.sync, "patient")) === "delayed");
    await database.dataSource.query("ALTER TABLE job_runs_away RENAME TO job_runs");
  });

  it("hands running jobs back when it stops, and another worker takes them at once", async () => {
    let started = 0;
    const wait: Handler<"sync"> = async (_, __, signal) => {
      started += 1;
      await new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    };
    const first = await start(wait);
    const id = await enqueue(queues.sync, "sync", payload);
    await until(() => started === 1);

    await first.close();
    expect(await state(queues.sync, id)).to.equal("prioritized");
    await start(async () => "finished by the second");
    await until(async () => (await state(queues.sync, id)) === "completed");

    expect(await ledger(id)).to.include({ state: "done", attempt: 1, starts: 2 });
  });

  it("lets a running job finish within the drain time", async () => {
    let release = (): void => {};
    let isRunning = false;
    const slow: Handler<"sync"> = async () => {
      isRunning = true;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return "finished";
    };
    const worker = await start(slow, 60_000);
    const id = await enqueue(queues.sync, "sync", payload);
    await until(() => isRunning);

    const closed = worker.close();
    release();
    await closed;

    expect(await state(queues.sync, id)).to.equal("completed");
  });
});
