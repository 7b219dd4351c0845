import type { Queue } from "bullmq";
import { expect } from "chai";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, it } from "mocha";
import { enqueue, enqueueAll } from "../../queues/enqueue.ts";
import { FairLine, twinOf } from "../../queues/fair-line.ts";
import { type TestQueues, testQueues } from "../support/queues.ts";

const epoch = 2 ** 20;

describe("FairLine", () => {
  let test: TestQueues;
  let redis: Redis;
  let queue: Queue;
  let line: FairLine;

  beforeEach(() => {
    test = testQueues();
    redis = test.redis.connection();
    queue = test.queues["health-check"];
    line = new FairLine(redis, { base: queue.toKey(""), isExclusive: false });
  });
  afterEach(async () => test.close());

  const jobsOf = (userId: number, count: number) =>
    Array.from({ length: count }, () => ({ payload: { userId, credentialId: 1 } }));
  const add = async (userId: number, count: number) =>
    enqueueAll(queue, "health-check", jobsOf(userId, count));
  const placesOf = async (ids: readonly string[]): Promise<number[]> =>
    Promise.all(ids.map(async (id) => Number(await redis.hget(queue.toKey(id), "priority"))));
  const enter = async (jobId: string, user: string) =>
    line.enter({ jobId, user, twin: null, groups: [] });
  /** Takes the next job as BullMQ does, and asks for its turn. */
  const take = async (user: string): Promise<string> => {
    const [id = ""] = await redis.zpopmin(queue.toKey("prioritized"));
    await redis.lpush(queue.toKey("active"), id);
    await enter(id, user);
    return id;
  };

  it("gives each user places of its own, from where the line is", async () => {
    const loud = await add(1, 3);
    const quiet = await add(2, 2);

    expect(await placesOf(loud)).to.deep.equal([1, 2, 3]);
    expect(await placesOf(quiet)).to.deep.equal([1, 2]);
  });

  it("lets nobody save up turns, nor owe them once they are taken", async () => {
    await add(1, 3);
    for (let count = 0; count < 3; count += 1) await take("1");

    expect(await placesOf(await add(2, 1))).to.deep.equal([4]);
    expect(await placesOf(await add(1, 1))).to.deep.equal([4]);
  });

  it("counts single jobs like many, and leaves delayed ones for when they are due", async () => {
    const payload = { userId: 1, credentialId: 1 };
    const first = await enqueue(queue, "health-check", payload);
    const delayed = await enqueue(queue, "health-check", payload, { delayMs: 60_000 });
    const urgent = await enqueue(queue, "health-check", payload, { priority: 7 });
    const second = await enqueue(queue, "health-check", payload);

    expect(await placesOf([first, delayed, urgent, second])).to.deep.equal([1, 0, 7, 2]);
  });

  it("puts jobs that were added without a place into line, oldest first", async () => {
    const fair = await add(1, 2);
    const foreign = ["a", "b", "c"];
    for (const jobId of foreign) await queue.add("x", { userId: 2 }, { jobId });
    await queue.add("x", "no job", { jobId: "d" });
    await queue.add("x", { userId: "2" }, { jobId: "e" });

    await enter(fair[0] ?? "", "1");

    expect(await placesOf([...foreign, "d", "e"])).to.deep.equal([1, 2, 3, 1, 2]);
    expect(await redis.llen(queue.toKey("wait"))).to.equal(0);
    expect((await queue.getJobs(["prioritized"], 0, -1, true)).length).to.equal(7);
  });

  it("leaves what is no job, and what was taken from a dead worker, at the head", async () => {
    const others = ["wait", "meta", "fair:line", "ghost"];
    await queue.add("x", { userId: 2 }, { jobId: "rescued" });
    await redis.hset(queue.toKey("rescued"), "stc", 1);
    await redis.rpush(queue.toKey("wait"), ...others);
    const [fair = ""] = await add(1, 1);

    await enter(fair, "1");

    expect(await redis.lrange(queue.toKey("wait"), 0, -1)).to.deep.equal(["rescued", ...others]);
    expect(await redis.exists(queue.toKey("ghost"))).to.equal(0);
  });

  it("sends a job without a place back once if somebody else has had less", async () => {
    await add(1, 1);
    await redis.hset(queue.toKey("fair:users"), "2", 5);
    await queue.add("x", { userId: 2 }, { jobId: "late" });
    await redis.rpoplpush(queue.toKey("wait"), queue.toKey("active"));

    expect(await enter("late", "2")).to.deep.equal({ kind: "behind" });
    expect(await enter("late", "2")).to.deep.equal({ kind: "go" });
    expect(await placesOf(["late"])).to.deep.equal([6]);
  });

  it("lets a job without a place run at once when nobody waits", async () => {
    await queue.add("x", { userId: 2 }, { jobId: "only" });
    await redis.rpoplpush(queue.toKey("wait"), queue.toKey("active"));

    expect(await enter("only", "2")).to.deep.equal({ kind: "go" });
  });

  it("starts counting again before the range ends, without changing anybody's turn", async () => {
    await redis.hset(queue.toKey("fair:line"), { now: epoch - 1, top: epoch });
    await redis.hset(queue.toKey("fair:users"), { 1: epoch + 1, 3: 12 });
    const [active = "", late = "", failed = ""] = await add(1, 3);
    await redis.zrem(queue.toKey("prioritized"), active, late, failed);
    await redis.lpush(queue.toKey("active"), active);
    await redis.zadd(queue.toKey("delayed"), Number.MAX_SAFE_INTEGER, late);
    await redis.zadd(queue.toKey("failed"), 1, failed);
    const waiting = await add(2, 3);
    await redis.hset(queue.toKey("fair:line"), { now: epoch });
    const before = await placesOf([active, late, failed, ...waiting]);

    const [newest = ""] = await add(3, 1);

    expect(before).to.deep.equal([2, 3, 4, 0, 1, 2].map((place) => epoch + place));
    expect(await placesOf([active, late, failed, ...waiting, newest])).to.deep.equal([
      2, 3, 4, 1, 1, 2, 1,
    ]);
    const order = await queue.getJobs(["prioritized"], 0, -1, true);
    const [first, second, ...rest] = waiting;
    expect(order.map((job) => job.id)).to.deep.equal([first, second, newest, ...rest]);
    expect(await redis.hgetall(queue.toKey("fair:users"))).to.deep.equal({
      1: "4",
      2: "2",
      3: "1",
    });
  });

  it("starts counting again also while entries that are no job stand among them", async () => {
    await redis.set(queue.toKey("text"), "no job");
    const [waiting = ""] = await add(1, 1);
    await redis.lpush(queue.toKey("active"), "text", "ghost");
    await redis.zadd(queue.toKey("prioritized"), 2 ** 40, "text");
    await redis.hset(queue.toKey("fair:line"), { now: epoch });

    await add(2, 1);

    expect(await redis.hget(queue.toKey("fair:line"), "now")).to.equal("0");
    expect(await placesOf([waiting])).to.deep.equal([1]);
  });

  it("finds its place again among the jobs that are there when it was forgotten", async () => {
    const ids = await add(1, 3);
    await take("1");
    await redis.del(queue.toKey("fair:line"), queue.toKey("fair:users"));

    expect(await placesOf(await add(2, 1))).to.deep.equal([2]);
    expect(await placesOf(ids)).to.deep.equal([1, 2, 3]);
  });

  it("gives the last place to all who come after two million of one user's jobs", async () => {
    await redis.hset(queue.toKey("fair:users"), "1", 2_097_150);

    expect(await placesOf(await add(1, 3))).to.deep.equal([2_097_151, 2_097_151, 2_097_151]);
  });
});

describe("twinOf", () => {
  it("tells jobs that ask for all there is from those that are narrowed", () => {
    const whole = { userId: 1, credentialId: 2, v: 1, traceparent: "t" };

    expect(twinOf(whole)).to.equal("1:2");
    expect(twinOf({ ...whole, regions: ["eu-west-1"] })).to.equal(null);
    expect(twinOf({ ...whole, force: true })).to.equal(null);
    expect(twinOf({ ...whole, idempotencyKey: "k" })).to.equal(null);
    expect(twinOf({ userId: 1, resourceId: 2 })).to.equal(null);
  });
});
