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
/** Of these, the locks of the last victim and the checks that find its jobs take 25. */
const doneWithinMs = 30_000;

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
    alive.push(await spawnWorker(rig.places));
  };
  /** Those that run a job which lost two workers already: a third would make it poisoned, which is another promise. */
  const spared = async (): Promise<Set<number>> => {
    const rows: { pid: number }[] = await rig.database.dataSource.query(
      `SELECT split_part(worker, ':', -1)::integer AS pid FROM job_runs
       WHERE state = 'running' AND crashes >= 2`,
    );
    return new Set(rows.map(({ pid }) => pid));
  };
  /**
   * As an orchestrator does: whoever dies is replaced. Nobody dies while two are still starting: a machine that is too
   * busy for that would start processes and do nothing else.
   */
  const killOne = async (): Promise<boolean> => {
    const pids = await spared();
    const choice = alive.filter((worker) => !pids.has(worker.process.pid ?? 0));
    const victim = choice[Math.floor(Math.random() * choice.length)];
    if (alive.length < workers - 1 || !victim) return false;
    alive.splice(alive.indexOf(victim), 1);
    await victim.kill();
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
  const left = async (): Promise<number> => jobs - (await count("job_runs WHERE state = 'done'"));
  /** What there is to know when not all is done. */
  const describeRest = async (): Promise<string> => {
    const states: unknown = await rig.database.dataSource.query(
      "SELECT state, crashes, count(*)::integer AS n FROM job_runs GROUP BY state, crashes",
    );
    return JSON.stringify({ states, queue: await rig.queues.sync.getJobCounts() });
  };

  it(`do ${jobs} jobs, none lost and every effect exactly once`, async function () {
    await Promise.all(Array.from({ length: workers }, startOne));

    const start = performance.now();
    let [added, kills, lastKill] = [0, 0, start];
    // The pace of the kills is the point. Jobs come along with them, so that every kill finds work being done.
    // On a machine too busy to keep up they go on until it has, so that its speed is not taken for that of the recovery.
    for (let round = 1; round <= rounds || (await left()) > jobs / rounds; round += 1) {
      const next = delay(start + round * killEveryMs - performance.now());
      const target = Math.min(jobs, Math.ceil((jobs * round) / rounds));
      if (target > added) await addJobs(added + 1, target);
      added = target;
      await delay(Math.random() * killEveryMs);
      if (await killOne()) [kills, lastKill] = [kills + 1, performance.now()];
      await next;
    }
    await Promise.all(starting);
    const timeoutMs = lastKill + doneWithinMs - performance.now();
    await until(async () => (await left()) === 0, { timeoutMs, what: "every job is done" }).catch(
      async (cause: unknown) => {
        throw new Error(`left undone: ${await describeRest()}`, { cause });
      },
    );
    const seconds = (performance.now() - lastKill) / 1_000;

    expect(seconds).to.be.below(doneWithinMs / 1_000);
    expect(await count("job_runs")).to.equal(jobs);
    expect(await count("effects")).to.equal(jobs);
    const crashed = await count("job_runs WHERE crashes > 0");
    expect(kills).to.be.at.least(rounds / 3);
    expect(crashed).to.be.at.least(kills / 3);
    await until(async () => (await rig.queues.sync.getCompletedCount()) === jobs, {
      timeoutMs: 30_000,
      what: "Redis knows that every job is done",
    });
    expect(await rig.queues.sync.getFailedCount()).to.equal(0);
    expect(alive.filter((worker) => worker.isRunning())).to.have.lengthOf(workers);
    const figures = `${kills} kills, ${crashed} jobs lost their worker; all done ${seconds.toFixed(1)} s after the last kill`;
    if (this.test) this.test.title += ` (${figures})`;
  });
});
