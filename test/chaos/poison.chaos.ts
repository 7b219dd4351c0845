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

  const payload = { userId: 1, credentialId: 1, kinds: ["abort"] };
  /** BullMQ exempts jobs of its own schedulers from its limit of stalls. */
  const schedule = async (): Promise<string> => {
    const every = 3_600_000;
    const template = { name: "sync", data: payload };
    const job = await rig.queues.sync.upsertJobScheduler("hourly", { every }, template);
    return job?.id ?? "";
  };
  const sources = [
    ["a plain job", async () => enqueue(rig.queues.sync, "sync", payload)],
    ["a job of a scheduler of BullMQ", schedule],
  ] as const;
  for (const [what, add] of sources) {
    it(`ends as poisoned after three starts, while other jobs go on: ${what}`, async () => {
      const spawn = async (): Promise<WorkerProcess> => {
        const started = await spawnWorker(rig.places, { lockMs: 1_000 });
        processes.push(started);
        return started;
      };
      const id = await add();
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
  }
});
