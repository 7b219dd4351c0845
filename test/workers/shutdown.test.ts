import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { QueueName } from "../../queues/contract.ts";
import { enqueue, enqueueAll } from "../../queues/enqueue.ts";
import { findJobRun } from "../../tables/job-runs.ts";
import { until } from "../support/until.ts";
import { type WorkerRig, workerRig } from "../support/worker-rig.ts";

const fixture = join(import.meta.dirname, "../support/fixtures/run-worker.ts");

describe("a worker process that is told to stop", () => {
  let test: WorkerRig;
  let children: ChildProcess[];

  beforeEach(async () => {
    test = await workerRig();
    children = [];
    await test.database.dataSource.query("CREATE TABLE effects (run TEXT)");
  });
  afterEach(async () => {
    for (const child of children) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
    }
    await test.close();
  });

  const startWorker = async (drainMs: number): Promise<ChildProcess> => {
    const child = spawn(process.execPath, ["--import", "tsx", fixture], {
      env: {
        ...process.env,
        WORKER_DATABASE: test.database.url,
        WORKER_REDIS: test.redis.url,
        WORKER_PREFIX: test.redis.prefix,
        WORKER_DRAIN_MS: String(drainMs),
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    await until(() => output.includes("ready\n"), { what: "it takes jobs" });
    return child;
  };
  /** Tells a process to stop and returns how the process ended and after how many milliseconds. */
  const stop = async (child: ChildProcess): Promise<[code: unknown, ms: number]> => {
    const started = performance.now();
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    const [code]: unknown[] = await exit;
    return [code, performance.now() - started];
  };
  const running = async (name: QueueName) =>
    until(async () => (await test.queues[name].getActiveCount()) === 1);
  const payload = { userId: 1, credentialId: 2 };

  it("fails nothing under load, ends with 0, and another worker does the rest", async () => {
    const [first] = await Promise.all([startWorker(5_000), startWorker(5_000)]);
    const jobs = Array.from({ length: 300 }, () => ({ payload }));
    await enqueueAll(test.queues["health-check"], "health-check", jobs);
    await until(async () => (await test.queues["health-check"].getCompletedCount()) > 20);

    const [code, ms] = await stop(first);

    expect(code).to.equal(0);
    expect(ms).to.be.below(5_000);
    const completed = async () => (await test.queues["health-check"].getCompletedCount()) === 300;
    await until(completed);
    expect(await test.queues["health-check"].getFailedCount()).to.equal(0);
    const counts: unknown = await test.database.dataSource.query(
      "SELECT count(*)::int AS effects, count(DISTINCT run)::int AS runs FROM effects",
    );
    expect(counts).to.deep.equal([{ effects: 300, runs: 300 }]);
    const attempts: unknown = await test.database.dataSource.query(
      "SELECT DISTINCT state, attempt, crashes FROM job_runs",
    );
    expect(attempts).to.deep.equal([{ state: "done", attempt: 1, crashes: 0 }]);
  });

  it("hands an interruptible job to an idle worker within a second, without counting an attempt", async function () {
    const first = await startWorker(100);
    const id = await enqueue(test.queues.sync, "sync", payload);
    await running("sync");
    // An idle worker, so one that sleeps until it is woken.
    const taken: number[] = [];
    await test.start({ sync: async () => taken.push(performance.now()) }, { concurrency: 1 });

    const [code] = await stop(first);
    const ended = performance.now();
    await until(() => taken.length === 1);

    expect(code).to.equal(0);
    const takenMs = Math.round((taken[0] ?? Number.POSITIVE_INFINITY) - ended);
    expect(takenMs).to.be.below(1_000);
    await until(async () => (await test.queues.sync.getJobState(id)) === "completed");
    const run = await findJobRun(test.database.dataSource, "sync", id);
    expect(run).to.include({ state: "done", attempt: 1, starts: 2, crashes: 0 });
    if (this.test) this.test.title += ` (${takenMs} ms after the first had ended)`;
  });

  it("ends with 0 in time although a job does not stop", async () => {
    const worker = await startWorker(100);
    // Before its handler has begun, a job can still be handed back.
    const begun = once(worker.stdout ?? worker, "data");
    const id = await enqueue(test.queues["cost-ingest"], "cost-ingest", payload);
    expect(String(await begun)).to.equal("stubborn\n");

    const [code, ms] = await stop(worker);

    expect(code).to.equal(0);
    expect(ms).to.be.below(3_000);
    expect(await test.queues["cost-ingest"].getJobState(id)).to.equal("active");
  });

  it("ends at once when it is told a second time", async () => {
    const worker = await startWorker(60_000);
    await enqueue(test.queues.sync, "sync", payload);
    await running("sync");
    const told = performance.now();

    // Signals that come before the first was handled are one signal, so it is told until it ends.
    await until(() => {
      worker.kill("SIGTERM");
      return worker.exitCode !== null;
    });

    expect(worker.exitCode).to.equal(130);
    expect(performance.now() - told).to.be.below(2_000);
  });
});
