import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { enqueueAll } from "../../queues/enqueue.ts";
import { spawnWorker, type WorkerProcess } from "../support/spawn-worker.ts";
import { until } from "../support/until.ts";
import { type WorkerRig, workerRig } from "../support/worker-rig.ts";

const jobs = 5_000;
const workers = 4;
const rounds = 30;
const killEveryMs = 2_000;
/** The promise is 30 s, of which lock and stall check take up to 25; a machine with other work starts processes slowly. */
const doneWithinMs = 180_000;

describe("workers of which one is killed every two seconds", function () {
  this.timeout(420_000);
  let rig: WorkerRig;
  let alive: WorkerProcess[];
  let starting: Promise<void>[];
  beforeEach(async () => {
    [alive, starting] = [[], []];
    rig = await workerRig();
    await rig.database.dataSource.query(
      "CREATE TABLE effects (run INTEGER UNIQUE, worker INTEGER)",
    );
  });
  afterEach(async () => {
    await Promise.allSettled(starting);
    await Promise.all(alive.map(async (worker) => worker.kill()));
    await rig.close();
  });

  const startOne = async (): Promise<void> => {
    const { url, prefix } = rig.redis;
    const settings = { databaseUrl: rig.database.url, redisUrl: url, prefix };
    alive.push(await spawnWorker(settings));
  };
  /** As an orchestrator does: whoever dies is replaced. The last one is left alone: somebody has to do the work. */
  const killOne = async (): Promise<boolean> => {
    if (alive.length < 2) return false;
    const [victim] = alive.splice(Math.floor(Math.random() * alive.length), 1);
    await victim?.kill();
    starting.push(startOne());
    return true;
  };
  /** Each holds its transaction open for a moment, so that kills hit jobs in the middle of their effects. */
  const addJobs = async (first: number, last: number): Promise<void> => {
    const newJobs = Array.from({ length: last - first + 1 }, (_, index) => ({
      payload: { userId: first + index, credentialId: first + index, kinds: ["pause"] },
    }));
    await enqueueAll(rig.queues.sync, "sync", newJobs);
  };
  const count = async (what: string): Promise<number> => {
    const [row]: { n: number }[] = await rig.database.dataSource.query(
      `SELECT count(*)::integer AS n FROM ${what}`,
    );
    return row?.n ?? -1;
  };
  const allDone = async (): Promise<boolean> => {
    const states: unknown = await rig.database.dataSource.query(
      "SELECT state, count(*)::integer AS n, sum(crashes)::integer AS crashes FROM job_runs GROUP BY state",
    );
    if ((await count("job_runs WHERE state = 'done'")) === jobs) return true;
    const queue = await rig.queues.sync.getJobCounts();
    throw new Error(`not done yet: ${JSON.stringify({ states, queue })}`);
  };

  it(`do ${jobs} jobs, none lost and every effect exactly once`, async function () {
    await Promise.all(Array.from({ length: workers }, startOne));

    const start = performance.now();
    let [added, kills, lastKill] = [0, 0, start];
    // The pace of the kills is the point. Jobs come along with them, so that every kill finds work being done.
    for (let round = 1; round <= rounds; round += 1) {
      const next = delay(start + round * killEveryMs - performance.now());
      const target = Math.ceil((jobs * round) / rounds);
      await addJobs(added + 1, target);
      added = target;
      await delay(Math.random() * killEveryMs);
      if (await killOne()) [kills, lastKill] = [kills + 1, performance.now()];
      await next;
    }
    await Promise.all(starting);
    await until(allDone, { timeoutMs: doneWithinMs, what: "every job is done" });
    const seconds = (performance.now() - lastKill) / 1_000;

    expect(seconds).to.be.below(doneWithinMs / 1_000);
    expect(await count("job_runs")).to.equal(jobs);
    expect(await count("effects")).to.equal(jobs);
    const crashed = await count("job_runs WHERE crashes > 0");
    expect(kills).to.be.at.least(rounds / 3);
    expect(crashed).to.be.at.least(kills / 3);
    await until(async () => (await rig.queues.sync.getCompletedCount()) === jobs, {
      timeoutMs: 60_000,
      what: "Redis knows that every job is done",
    });
    expect(await rig.queues.sync.getFailedCount()).to.equal(0);
    expect(alive.filter((worker) => worker.isRunning())).to.have.lengthOf(workers);
    const figures = `${kills} kills, ${crashed} jobs lost their worker; all done ${seconds.toFixed(1)} s after the last kill`;
    if (this.test) this.test.title += ` (${figures})`;
  });
});
