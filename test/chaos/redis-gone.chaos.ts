import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, it } from "mocha";
import { type OwnProcess, startProcess } from "../../local/processes.ts";
import { enqueue, enqueueAll } from "../../queues/enqueue.ts";
import { closeQueues, openQueues, type Queues } from "../../queues/open-queues.ts";
import { findJobRun } from "../../tables/job-runs.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import type { Places } from "../support/environment.ts";
import { type HalfOpenProxy, halfOpenProxy } from "../support/half-open-proxy.ts";
import { type KillableRedis, killableRedis } from "../support/killable-redis.ts";
import { spawnWorker, type WorkerProcess } from "../support/spawn-worker.ts";
import { until } from "../support/until.ts";

const prefix = "bull";
const jobs = 500;
/** Longer than a connection may be silent, twice. */
const blackHoleMs = 35_000;

describe("a worker whose Redis", () => {
  let database: TestDatabase;
  let redis: KillableRedis;
  let worker: WorkerProcess | undefined;
  let proxy: HalfOpenProxy | undefined;
  let product: OwnProcess | undefined;
  beforeEach(async () => {
    [database, redis] = await Promise.all([testDatabase(), killableRedis()]);
    await database.dataSource.query("CREATE TABLE effects (run INTEGER UNIQUE, worker INTEGER)");
  });
  afterEach(async () => {
    await worker?.kill();
    await product?.kill();
    await proxy?.close();
    [worker, proxy, product] = [undefined, undefined, undefined];
    await redis.close();
    await database.close();
  });

  /** Runs work with queues on a connection of its own to the Redis that is there now. */
  const withQueues = async <T>(work: (queues: Queues) => Promise<T>): Promise<T> => {
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    connection.on("error", () => {});
    const queues = openQueues(connection, prefix, () => {});
    try {
      return await work(queues);
    } finally {
      await closeQueues(queues);
      connection.disconnect();
    }
  };
  const add = async (credentialId: number): Promise<string> =>
    withQueues(async (queues) => enqueue(queues.sync, "sync", { userId: 1, credentialId }));
  const done = async (id: string, timeoutMs: number): Promise<void> => {
    const isDone = async () =>
      (await findJobRun(database.dataSource, "sync", id))?.state === "done";
    const what = `the job is done; the worker said ${worker?.lines.slice(-3).join(" | ")}`;
    await until(isDone, { timeoutMs, what });
  };
  const count = async (what: string): Promise<number> => {
    const [row]: { n: number }[] = await database.dataSource.query(
      `SELECT count(*)::integer AS n FROM ${what}`,
    );
    return row?.n ?? -1;
  };
  const placesAt = (port: number): Places => {
    const REDIS_URL = `redis://127.0.0.1:${port}`;
    return { DATABASE_URL: database.url, REDIS_URL, QUEUE_PREFIX: prefix };
  };
  const start = async (port: number): Promise<WorkerProcess> => {
    worker = await spawnWorker(placesAt(port));
    return worker;
  };

  for (const seconds of [5, 25]) {
    it(`is killed under load and back after ${seconds} s resumes within 3 s and loses no job`, async function () {
      this.timeout(180_000);
      const process = await start(redis.port);
      const newJobs = Array.from({ length: jobs }, (_, index) => ({
        payload: { userId: index + 1, credentialId: index + 1, kinds: ["pause"] },
      }));
      await withQueues(async (queues) => enqueueAll(queues.sync, "sync", newJobs));
      await until(async () => (await count("effects")) > jobs / 10, { timeoutMs: 20_000 });
      await redis.kill();
      // The length of the outage is the point: reconnects must not have grown rarer with it.
      await delay(seconds * 1_000);
      expect(process.isRunning()).to.equal(true);
      const before = await count("effects");

      await redis.start();
      const back = performance.now();
      await until(async () => (await count("effects")) > before, { timeoutMs: 20_000 });
      const resumed = Math.round(performance.now() - back);

      expect(resumed).to.be.below(3_000);
      const finished = "job_runs WHERE state = 'done'";
      await until(async () => (await count(finished)) === jobs, { timeoutMs: 90_000 });
      expect(await count("job_runs")).to.equal(jobs);
      expect(await count("effects")).to.equal(jobs);
      expect(process.isRunning()).to.equal(true);
      if (this.test) this.test.title += ` (${resumed} ms)`;
    });
  }

  it("went silent without closing a connection notices within 30 s and goes on", async () => {
    proxy = await halfOpenProxy(redis.port);
    const process = await start(proxy.port);
    await done(await add(1), 10_000);

    expect(proxy.silence()).to.be.at.least(2);
    const silent = performance.now();
    await done(await add(2), 60_000);

    expect(performance.now() - silent).to.be.below(30_000);
    expect(process.isRunning()).to.equal(true);
  });

  /** A worker as installations run it; returns where it serves its health. */
  const startProduct = async (port: number): Promise<string> => {
    product = startProcess(["worker"], {
      PATH: process.env["PATH"] ?? "",
      ...placesAt(port),
      CREDENTIAL_KEYS: `test:${randomBytes(32).toString("base64")}`,
      HEALTH_PORT: "0",
    });
    const { url } = await product.logged(({ msg }) => msg === "health server listens");
    await product.logged(({ msg }) => msg === "worker takes jobs");
    return String(url);
  };

  it("is behind a black hole is not ready within 30 s, and ready and at work again after it unaided", async function () {
    proxy = await halfOpenProxy(redis.port);
    const url = await startProduct(proxy.port);
    const status = async (): Promise<number> => (await fetch(`${url}/readyz`)).status;
    expect(await status()).to.equal(200);

    expect(proxy.swallow()).to.be.at.least(2);
    const swallowed = performance.now();
    const notReady = async () => (await status()) === 503;
    await until(notReady, { timeoutMs: 30_000, what: "it is not ready" });
    const noticed = Math.round(performance.now() - swallowed);
    // Long enough for every connection to have been given up and opened again in vain.
    while (performance.now() - swallowed < blackHoleMs) {
      expect(await status()).to.equal(503);
      expect((await fetch(`${url}/livez`)).status).to.equal(200);
    }

    proxy.restore();
    const back = performance.now();
    // Nobody owns the credential: it refuses the job, which is all that is asked of it here.
    const id = await add(1);
    const isEnded = async () =>
      (await findJobRun(database.dataSource, "sync", id))?.state === "given-up";
    await until(isEnded, { timeoutMs: 30_000, what: "it takes jobs again" });
    const isReady = async () => (await status()) === 200;
    await until(isReady, { timeoutMs: 30_000, what: "it is ready again" });
    const recovered = Math.round(performance.now() - back);
    if (this.test) this.test.title += ` (not ready after ${noticed} ms, back in ${recovered} ms)`;
  });
});
