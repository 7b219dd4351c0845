import { Worker } from "bullmq";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { enqueue } from "../../queues/enqueue.ts";
import type { Queues } from "../../queues/open-queues.ts";
import { openReadiness } from "../../runtime/readiness.ts";
import { progressCheck } from "../../workers/progress-check.ts";
import { type TestQueues, testQueues } from "../support/queues.ts";
import type { TestRedis } from "../support/redis.ts";
import { until } from "../support/until.ts";

describe("progressCheck", () => {
  let test: TestQueues;
  let redis: TestRedis;
  let queues: Queues;
  beforeEach(() => {
    test = testQueues();
    ({ redis, queues } = test);
  });
  afterEach(async () => test.close());

  /** Looks several times for longer than the patience, and returns what was said last. */
  const watch = async (patienceMs = 50): Promise<string | undefined> => {
    const served = ["sync", "health-check"] as const;
    const options = { prefix: redis.prefix, queues: served, patienceMs };
    const readiness = openReadiness({ progress: progressCheck(redis.connection(), options) });
    const started = performance.now();
    let last: string | undefined;
    await until(async () => {
      last = (await readiness.report()).checks["progress"];
      return performance.now() - started > patienceMs * 4;
    });
    return last;
  };
  const payload = { userId: 1, credentialId: 2 };
  const stuck = "jobs of sync wait and none ran for 0 s";

  for (const [kind, add] of [
    ["in line", async () => enqueue(queues.sync, "sync", payload)],
    ["without a priority", async () => queues.sync.add("sync", payload)],
  ] as const) {
    it(`names the queue whose job ${kind} nobody takes`, async () => {
      await add();

      expect(await watch()).to.equal(stuck);
    });
  }

  it("gives a job the whole time before it says so", async () => {
    await enqueue(queues.sync, "sync", payload);
    const options = { prefix: redis.prefix, queues: ["sync"] as const };
    const check = progressCheck(redis.connection(), options);

    await check();
    await check();
  });

  it("is content with jobs that are delayed, as parked and postponed ones are", async () => {
    await enqueue(queues.sync, "sync", payload, { delayMs: 60_000 });

    expect(await watch()).to.equal("ok");
  });

  it("is content with jobs of a queue that the worker does not serve", async () => {
    await enqueue(queues["cost-ingest"], "cost-ingest", payload);

    expect(await watch()).to.equal("ok");
  });

  it("is content with a queue that somebody paused, until it goes on", async () => {
    await enqueue(queues.sync, "sync", payload);
    await queues.sync.pause();
    expect(await watch()).to.equal("ok");

    await queues.sync.resume();

    expect(await watch()).to.equal(stuck);
  });

  it("is content with a queue that is limited for a time", async () => {
    await enqueue(queues.sync, "sync", payload);
    await queues.sync.rateLimit(60_000);

    expect(await watch()).to.equal("ok");
  });

  it("is content with jobs that wait for a running one, also of another worker", async () => {
    await enqueue(queues.sync, "sync", payload);
    await enqueue(queues.sync, "sync", { ...payload, credentialId: 3 });
    const worker = new Worker("sync", null, {
      connection: redis.connection(),
      prefix: redis.prefix,
    });
    await worker.getNextJob("token");

    expect(await watch()).to.equal("ok");
    await worker.close();
  });

  it("starts anew when the job that it saw has been taken", async () => {
    const first = await enqueue(queues.sync, "sync", payload);
    const options = { prefix: redis.prefix, queues: ["sync"] as const, patienceMs: 200 };
    const check = progressCheck(redis.connection(), options);
    const fails = async (): Promise<boolean> =>
      check().then(
        () => false,
        () => true,
      );
    await until(fails);
    await enqueue(queues.sync, "sync", { ...payload, credentialId: 3 });

    await queues.sync.remove(first);

    expect(await fails()).to.equal(false);
    await until(fails);
  });
});
