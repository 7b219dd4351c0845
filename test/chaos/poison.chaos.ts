import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { enqueue } from "../../queues/enqueue.ts";
import { findJobRun } from "../../tables/job-runs.ts";
import { spawnWorker, type WorkerProcess } from "../support/spawn-worker.ts";
import { until } from "../support/until.ts";
import { type WorkerRig, workerRig } from "../support/worker-rig.ts";

describe("a job that kills its worker", () => {
  let rig: WorkerRig;
  let processes: WorkerProcess[];
  beforeEach(async () => {
    processes = [];
    rig = await workerRig();
    await rig.database.dataSource.query("CREATE TABLE effects (run INTEGER, worker INTEGER)");
  });
  afterEach(async () => {
    await Promise.all(processes.map(async (worker) => worker.kill()));
    await rig.close();
  });

  it("ends as poisoned after three starts, while other jobs go on", async () => {
    const spawn = async (): Promise<WorkerProcess> => {
      const started = await spawnWorker({
        databaseUrl: rig.database.url,
        redisUrl: rig.redis.url,
        prefix: rig.redis.prefix,
        lockMs: 1_000,
      });
      processes.push(started);
      return started;
    };
    const poison = { userId: 1, credentialId: 1, kinds: ["abort"] };
    const id = await enqueue(rig.queues.sync, "sync", poison);
    const others: string[] = [];

    // As an orchestrator does: whoever dies is replaced.
    for (let death = 1; death <= 3; death += 1) {
      const worker = await spawn();
      await until(() => !worker.isRunning(), { timeoutMs: 25_000, what: `death ${death}` });
      others.push(await enqueue(rig.queues.sync, "sync", { userId: 2, credentialId: death }));
    }
    const last = await spawn();

    const run = await until(
      async () => {
        const found = await findJobRun(rig.database.dataSource, "sync", id);
        return found?.state === "given-up" ? found : undefined;
      },
      { timeoutMs: 25_000, what: "the job is poisoned" },
    );
    expect(run).to.include({ errorCode: "POISONED", crashes: 3 });
    await until(async () => (await rig.queues.sync.getJobState(id)) === "failed");
    await until(async () => (await rig.queues.sync.getCompletedCount()) === others.length);
    expect(last.isRunning()).to.equal(true);
    const effects: unknown[] = await rig.database.dataSource.query("SELECT run FROM effects");
    expect(effects).to.have.lengthOf(others.length);
  });
});
