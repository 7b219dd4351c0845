import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { enqueue } from "../../queues/enqueue.ts";
import { findJobRun } from "../../tables/job-runs.ts";
import { readMetric } from "../support/metrics.ts";
import { spawnWorker, type WorkerProcess } from "../support/spawn-worker.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";
import { type WorkerRig, workerRig } from "../support/worker-rig.ts";

const lockMs = 1_000;

describe("a worker whose event loop stands still for longer than its lock", () => {
  let rig: WorkerRig;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let processes: WorkerProcess[];
  beforeEach(async () => {
    processes = [];
    [rig, folder] = await Promise.all([workerRig(), temporaryFolder()]);
    await rig.database.dataSource.query("CREATE TABLE effects (run INTEGER, worker INTEGER)");
  });
  afterEach(async () => {
    await Promise.all(processes.map(async (worker) => worker.kill()));
    await rig.close();
    await folder.remove();
  });

  it("commits nothing after another worker has taken the job", async () => {
    const unblock = join(folder.path, "unblock");
    const blocked = await spawnWorker(rig.places, { lockMs, unblock });
    processes.push(blocked);
    const payload = { userId: 1, credentialId: 2, kinds: ["block"] };
    const id = await enqueue(rig.queues.sync, "sync", payload);
    await blocked.says("blocked");
    const blockedAt = performance.now();
    const survivor = await spawnWorker(rig.places, { lockMs });
    processes.push(survivor);
    const ledger = async () => findJobRun(rig.database.dataSource, "sync", id);
    await until(async () => (await ledger())?.state === "done", { timeoutMs: 20_000 });

    await until(() => performance.now() - blockedAt > 2 * lockMs);
    await writeFile(unblock, "");
    await blocked.says('"outcome":"lost"', 10_000);

    const effects: unknown = await rig.database.dataSource.query("SELECT worker FROM effects");
    expect(effects).to.deep.equal([{ worker: survivor.process.pid }]);
    expect(await ledger()).to.deep.include({
      state: "done",
      starts: 2,
      crashes: 1,
      result: { worker: survivor.process.pid },
    });
    expect(blocked.isRunning()).to.equal(true);
    const lost = 'mcw_worker_lock_renewal_failures_total{queue="sync"}';
    await until(async () => (await readMetric(blocked.url, lost)) === 1);
    const lostRuns = 'mcw_jobs_total{queue="sync",outcome="lost",code=""}';
    expect(await readMetric(blocked.url, lostRuns)).to.equal(1);
    expect(await readMetric(survivor.url, lost)).to.equal(0);
    expect(await readMetric(survivor.url, 'mcw_jobs_stalled_total{queue="sync"}')).to.equal(1);
  });
});
