import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { enqueueAll } from "../../queues/enqueue.ts";
import { spawnWorker, type WorkerProcess } from "../support/spawn-worker.ts";
import { bestRate, countHalfWritten } from "../support/throughput.ts";
import { until } from "../support/until.ts";
import { type WorkerRig, workerRig } from "../support/worker-rig.ts";

/** Enough that work is left after the last round for as long as the pace is measured. */
const jobs = 1_100;
const rounds = 5;
/** How many jobs are done between two rounds. */
const apart = 20;
/** How long the pace is measured before the first and after the last round. */
const baselineMs = 12_000;
const recoveredWithinMs = 30_000;

describe("a worker whose database connections are terminated under load", function () {
  this.timeout(180_000);
  let rig: WorkerRig;
  let worker: WorkerProcess | undefined;
  beforeEach(async () => {
    rig = await workerRig();
    await rig.database.dataSource.query(
      "CREATE TABLE effects (run INTEGER UNIQUE, worker INTEGER, at TIMESTAMPTZ DEFAULT clock_timestamp())",
    );
  });
  afterEach(async () => {
    await worker?.kill();
    await rig.close();
  });

  it("stays up, loses and fails no job, writes every effect once and keeps its pace", async function () {
    const { dataSource } = rig.database;
    const count = async (sql: string): Promise<number> => {
      const [row]: { count: number }[] = await dataSource.query(sql);
      return row?.count ?? 0;
    };
    const effects = async () => count("SELECT count(*)::int AS count FROM effects");
    worker = await spawnWorker(rig.places);
    const newJobs = Array.from({ length: jobs }, (_, index) => ({
      payload: { userId: index + 1, credentialId: index + 1, kinds: ["wait"] },
    }));
    await enqueueAll(rig.queues.sync, "sync", newJobs);
    await until(async () => (await effects()) > apart, { timeoutMs: 40_000 });
    const loaded = new Date();
    await delay(baselineMs);
    const baseline = await bestRate(dataSource, loaded, new Date());

    let terminated = 0;
    for (let round = 1; round <= rounds; round += 1) {
      const reached = (await effects()) + apart;
      await until(async () => (await effects()) >= reached, { timeoutMs: 40_000 });
      terminated += await count(
        `SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))::int AS count FROM pg_stat_activity
         WHERE application_name = 'test-worker' AND datname = current_database()`,
      );
    }

    const back = new Date();
    expect(await countHalfWritten(dataSource)).to.equal(0);
    // Without anybody looking on, as before: looking costs the worker some of its pace.
    await delay(recoveredWithinMs);
    const recovered = await bestRate(dataSource, back, new Date());

    expect(terminated).to.be.at.least(rounds);
    expect(recovered / baseline).to.be.at.least(0.95);
    const isDone = async () =>
      (await count("SELECT count(*)::int AS count FROM job_runs WHERE state = 'done'")) === jobs;
    await until(isDone, { timeoutMs: 60_000, what: "every job is done" });
    expect(await effects()).to.equal(jobs);
    expect(await countHalfWritten(dataSource)).to.equal(0);
    expect(worker.isRunning()).to.equal(true);
    await until(async () => (await rig.queues.sync.getCompletedCount()) === jobs);
    expect(await rig.queues.sync.getFailedCount()).to.equal(0);
    const pace = `${Math.round(recovered)} of ${Math.round(baseline)} jobs/s`;
    if (this.test) this.test.title += ` (${terminated} terminated, ${pace})`;
  });
});
