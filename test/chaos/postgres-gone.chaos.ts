import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { DataSource } from "typeorm";
import { type OwnProcess, startProcess } from "../../local/processes.ts";
import { enqueueAll } from "../../queues/enqueue.ts";
import { closeQueues, openQueues, type Queues } from "../../queues/open-queues.ts";
import { migrate, openDatabase } from "../../runtime/database.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";
import { type RestartablePostgres, restartablePostgres } from "../support/restartable-postgres.ts";
import { spawnWorker, type WorkerProcess } from "../support/spawn-worker.ts";
import { bestRate, countHalfWritten } from "../support/throughput.ts";
import { until } from "../support/until.ts";

/** Enough that work is left for the whole time in which it must be back at its old pace. */
const jobs = 1_000;
const baselineMs = 12_000;
const recoveredWithinMs = 30_000;
const outageMs = 5_000;

/** Their tables belong to the owner of the database. */
async function migrateAs(url: string): Promise<void> {
  const database = await openDatabase(url);
  await migrate(database);
  await database.query(
    "CREATE TABLE effects (run INTEGER UNIQUE, worker INTEGER, at TIMESTAMPTZ DEFAULT clock_timestamp())",
  );
  await database.destroy();
}

describe("a worker and a scheduler whose PostgreSQL", function () {
  this.timeout(180_000);
  let postgres: RestartablePostgres;
  let redis: TestRedis;
  let database: DataSource;
  let queues: Queues;
  let worker: WorkerProcess;
  let scheduler: OwnProcess;
  beforeEach(async () => {
    [postgres, redis] = [await restartablePostgres(), testRedis()];
    await migrateAs(postgres.url);
    database = await openDatabase(postgres.superuserUrl);
    queues = openQueues(redis.connection(), redis.prefix, () => {});
    const { url: REDIS_URL, prefix: QUEUE_PREFIX } = redis;
    const places = { DATABASE_URL: postgres.url, REDIS_URL, QUEUE_PREFIX };
    scheduler = startProcess(["scheduler"], {
      PATH: process.env["PATH"] ?? "",
      ...places,
      CREDENTIAL_KEYS: `test:${randomBytes(32).toString("base64")}`,
      SCHEDULES: "off",
    });
    const listeners = "pg_stat_activity WHERE application_name = 'multicloud-listener'";
    await until(async () => (await count(listeners)) > 0, { timeoutMs: 30_000 });
    worker = await spawnWorker(places);
  });
  afterEach(async () => {
    await worker.kill();
    await scheduler.kill();
    await closeQueues(queues);
    await redis.close();
    await database.destroy();
    await postgres.close();
  });

  const count = async (what: string): Promise<number> => {
    const [row]: { n: number }[] = await database.query(
      `SELECT count(*)::integer AS n FROM ${what}`,
    );
    return row?.n ?? -1;
  };
  /** Jobs from a producer of BullMQ; resolves when a part of them is done and the others are not. */
  const startLoad = async (): Promise<void> => {
    const newJobs = Array.from({ length: jobs }, (_, index) => ({
      payload: { userId: index + 1, credentialId: index + 1, kinds: ["wait"] },
    }));
    await enqueueAll(queues.sync, "sync", newJobs);
    await until(async () => (await count("effects")) > jobs / 20, { timeoutMs: 30_000 });
  };
  const requestJob = async (credentialId: number): Promise<void> => {
    await database.query(
      "SELECT enqueue_job('sync', jsonb_build_object('userId', 1, 'credentialId', $1::integer))",
      [credentialId],
    );
  };
  const expectNothingLost = async (total: number): Promise<void> => {
    await until(async () => (await count("job_runs WHERE state = 'done'")) === total, {
      timeoutMs: 90_000,
      what: "every job is done",
    });
    expect(await count("job_runs")).to.equal(total);
    expect(await count("effects")).to.equal(total);
    expect(await countHalfWritten(database)).to.equal(0);
    await until(async () => (await queues.sync.getCompletedCount()) === total);
    expect(await queues.sync.getFailedCount()).to.equal(0);
    expect(worker.isRunning()).to.equal(true);
    expect(await scheduler.stop()).to.equal(0);
  };
  /** Resolves when the worker does jobs again and the scheduler relays; returns after how many ms it was so. */
  const resumed = async (): Promise<{ worker: number; scheduler: number }> => {
    const back = performance.now();
    const before = await count("effects");
    const elapsedAt = async (condition: () => Promise<boolean>): Promise<number> => {
      await until(condition, { timeoutMs: 30_000 });
      return Math.round(performance.now() - back);
    };
    const [byWorker, byScheduler] = await Promise.all([
      elapsedAt(async () => (await count("effects")) > before),
      requestJob(jobs + 1).then(async () =>
        elapsedAt(async () => (await count("job_requests WHERE sent_at IS NULL")) === 0),
      ),
    ]);
    return { worker: byWorker, scheduler: byScheduler };
  };

  const outages = [
    { name: "restarts", begin: () => postgres.stop(), end: () => postgres.start() },
    {
      name: "has no connection left",
      begin: () => postgres.exhaust(),
      end: () => postgres.makeRoom(),
    },
  ];
  for (const { name, begin, end } of outages) {
    it(`${name} stay up, resume within 3 s, are as fast as before within 30 s and lose no job`, async function () {
      await startLoad();
      const loaded = new Date();
      await delay(baselineMs);
      const baseline = await bestRate(database, loaded, new Date());
      await begin();
      // The outage lasts long enough for every job in Redis to have been tried in vain.
      await delay(outageMs);
      expect(worker.isRunning()).to.equal(true);

      await end();
      const back = Date.now();
      const ms = await resumed();
      expect(await countHalfWritten(database)).to.equal(0);
      // Without anybody looking on, as before the outage: looking costs the worker some of its pace.
      await delay(back + recoveredWithinMs - Date.now());
      const recovered = await bestRate(
        database,
        new Date(back),
        new Date(back + recoveredWithinMs),
      );

      expect(ms.worker).to.be.below(3_000);
      expect(ms.scheduler).to.be.below(3_000);
      expect(recovered / baseline).to.be.at.least(0.95);
      await expectNothingLost(jobs + 1);
      const pace = `${Math.round(recovered)} of ${Math.round(baseline)} jobs/s`;
      const figures = `worker ${ms.worker} ms, scheduler ${ms.scheduler} ms, ${pace}`;
      if (this.test) this.test.title += ` (${figures})`;
    });
  }
});
