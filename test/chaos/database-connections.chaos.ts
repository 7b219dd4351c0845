import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { enqueue } from "../../queues/enqueue.ts";
import { spawnWorker, type WorkerProcess } from "../support/spawn-worker.ts";
import { until } from "../support/until.ts";
import { type WorkerRig, workerRig } from "../support/worker-rig.ts";

const jobs = 300;
const rounds = 5;

describe("a worker whose database connections are terminated under load", () => {
  let rig: WorkerRig;
  let worker: WorkerProcess | undefined;
  beforeEach(async () => {
    rig = await workerRig();
    await rig.database.dataSource.query(
      "CREATE TABLE effects (run INTEGER UNIQUE, worker INTEGER)",
    );
  });
  afterEach(async () => {
    await worker?.kill();
    await rig.close();
  });

  it("stays up, loses and fails no job and writes every effect once", async () => {
    const { dataSource } = rig.database;
    const count = async (sql: string): Promise<number> => {
      const [row]: { count: number }[] = await dataSource.query(sql);
      return row?.count ?? 0;
    };
    const effects = async () => count("SELECT count(*)::int AS count FROM effects");
    worker = await spawnWorker({
      databaseUrl: rig.database.url,
      redisUrl: rig.redis.url,
      prefix: rig.redis.prefix,
    });
    for (let credentialId = 1; credentialId <= jobs; credentialId += 1) {
      await enqueue(rig.queues.sync, "sync", { userId: 1, credentialId });
    }

    let terminated = 0;
    for (let round = 1; round <= rounds; round += 1) {
      const reached = Math.floor((jobs * round) / (rounds + 1));
      await until(async () => (await effects()) >= reached, { timeoutMs: 40_000 });
      terminated += await count(
        `SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))::int AS count FROM pg_stat_activity
         WHERE application_name = 'test-worker' AND datname = current_database()`,
      );
    }

    expect(terminated).to.be.at.least(rounds);
    const isDone = async () =>
      (await count("SELECT count(*)::int AS count FROM job_runs WHERE state = 'done'")) === jobs;
    await until(isDone, { timeoutMs: 60_000, what: "every job is done" });
    expect(await effects()).to.equal(jobs);
    expect(worker.isRunning()).to.equal(true);
    await until(async () => (await rig.queues.sync.getCompletedCount()) === jobs);
    expect(await rig.queues.sync.getFailedCount()).to.equal(0);
  });
});
