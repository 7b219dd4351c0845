import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { pino } from "pino";
import { closeQueues, openQueues, type Queues } from "../../queues/open-queues.ts";
import { startReconciler } from "../../scheduler/reconciler.ts";
import { startRelay } from "../../scheduler/relay.ts";
import type { Handler } from "../../workers/handler.ts";
import { type RunningWorkers, startWorkers } from "../../workers/worker.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type TestLog, testLog } from "../support/log.ts";
import { type OwnRedis, ownRedis } from "../support/own-redis.ts";
import { until } from "../support/until.ts";
import { noHandlers, testServices } from "../support/worker-services.ts";

const log = pino({ level: "silent" });
const cycleMs = 1_000;
const jobs = 1_000;

describe("a Redis that forgets everything", function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let redis: OwnRedis;
  let queues: Queues;
  let closes: (() => Promise<void>)[];
  /** A line for each cycle of the reconcilers. */
  let cycles: TestLog;

  beforeEach(async () => {
    database = await testDatabase();
    await database.dataSource.query("CREATE TABLE effects (job INTEGER)");
    redis = await ownRedis();
    queues = openQueues(redis.connection(), "bull", () => {});
    closes = [];
    cycles = testLog("debug");
  });
  afterEach(async () => {
    await Promise.all(closes.map(async (close) => close()));
    await closeQueues(queues);
    await redis.close();
    await database.close();
  });

  /** Two schedulers, as far as they relay and reconcile. */
  const startSchedulers = (): void => {
    for (let replica = 1; replica <= 2; replica += 1) {
      const services = { database: database.dataSource, queues, log, applyPending: true };
      const relay = startRelay({ ...services, databaseUrl: database.url });
      const own = { ...services, redis: redis.connection(), log: cycles.log };
      const reconciler = startReconciler(own, cycleMs);
      closes.push(
        async () => relay.close(),
        async () => reconciler.close(),
      );
    }
  };
  const startWorker = async (sync: Handler<"sync">): Promise<RunningWorkers> => {
    const services = { ...testServices(database.dataSource), log };
    const worker = startWorkers({ ...noHandlers, sync }, services, {
      connection: redis.connection(),
      prefix: "bull",
      queues: ["sync"],
      concurrency: { sync: 8 },
      drainMs: 0,
    });
    closes.push(async () => worker.close());
    await worker.ready();
    return worker;
  };
  const effect: Handler<"sync"> = async ({ finish }, { credentialId }) =>
    finish(async (manager) => {
      await manager.query("INSERT INTO effects VALUES ($1)", [credentialId]);
      return { rows: 1 };
    });
  const count = async (what: string): Promise<number> => {
    const [row]: { n: number }[] = await database.dataSource.query(
      `SELECT count(*)::integer AS n FROM ${what}`,
    );
    return row?.n ?? -1;
  };
  /** Half of them come through the outbox, half from a BullMQ client of another service. */
  const queueJobs = async (): Promise<void> => {
    await database.dataSource.query(
      `SELECT enqueue_job('sync', jsonb_build_object('userId', 1, 'credentialId', n))
       FROM generate_series(1, $1) n`,
      [jobs / 2],
    );
    const foreign = Array.from({ length: jobs / 2 }, (_, index) => ({
      name: "sync",
      data: { userId: 1, credentialId: jobs / 2 + index + 1 },
    }));
    await queues.sync.addBulk(foreign);
    await until(async () => (await queues.sync.getWaitingCount()) === jobs);
    await until(async () => (await count("job_runs")) === jobs);
  };
  const wipe = async (): Promise<void> => {
    const connection = redis.connection();
    await connection.flushall();
    await connection.script("FLUSH");
  };
  const expectEachOnce = async (): Promise<void> => {
    expect(await count("job_runs WHERE state = 'done'")).to.equal(jobs);
    expect(await count("effects")).to.equal(jobs);
    expect(await count("(SELECT DISTINCT job FROM effects) AS distinct_jobs")).to.equal(jobs);
  };

  it("has all of a thousand waiting jobs again within two cycles, and each is done once", async () => {
    startSchedulers();
    await queueJobs();

    const begun = cycles.lines.length;
    await wipe();
    const wiped = cycles.lines.length;
    await until(() => cycles.lines.length >= wiped + 2, { what: "two cycles are over" });
    expect(await queues.sync.getWaitingCount()).to.equal(jobs);
    const putBack = cycles.lines.slice(begun).map((line) => Number(line["putBack"] ?? 0));
    expect(putBack.reduce((sum, some) => sum + some, 0)).to.equal(jobs);
    await startWorker(effect);

    await until(async () => (await count("job_runs WHERE state = 'done'")) === jobs);
    await expectEachOnce();
  });

  it("loses and repeats nothing when it forgets while jobs are running", async () => {
    startSchedulers();
    await queueJobs();
    await startWorker(effect);

    await until(async () => (await count("effects")) > 100);
    await wipe();

    await until(async () => (await count("job_runs WHERE state = 'done'")) === jobs);
    await expectEachOnce();
  });
});
