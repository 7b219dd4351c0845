import { expect } from "chai";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, it } from "mocha";
import { CircuitBreaker, type CircuitSettings } from "../../workers/circuit-breaker.ts";
import { PostponeError } from "../../workers/errors.ts";
import { failureOf } from "../support/failure.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";
import { until } from "../support/until.ts";

const settings: CircuitSettings = {
  windowMs: 60_000,
  leastCalls: 4,
  openMs: 60_000,
  canaryMs: 60_000,
};

describe("the circuit breaker", () => {
  let redis: TestRedis;
  let opened: string[];
  beforeEach(() => {
    redis = testRedis();
    opened = [];
  });
  afterEach(async () => redis.close());

  /** A breaker as another worker process has it: its own connection, the same Redis. */
  const worker = async (changes: Partial<CircuitSettings> = {}): Promise<CircuitBreaker> => {
    const connection = redis.connection();
    await connection.ping();
    return new CircuitBreaker(connection, {
      prefix: redis.prefix,
      settings: { ...settings, ...changes },
      onOpen: (provider) => opened.push(provider),
    });
  };
  const call = async (breaker: CircuitBreaker, outcome: "answered" | "failed", times = 1) => {
    for (let time = 0; time < times; time += 1) {
      const pass = await breaker.enter("aws");
      await pass[outcome]();
    }
  };
  const refusal = async (breaker: CircuitBreaker): Promise<PostponeError> => {
    const error = await failureOf(breaker.enter("aws"));
    if (error instanceof PostponeError) return error;
    throw error;
  };

  it("opens for every worker when half of the calls of all workers failed", async () => {
    const [one, other] = await Promise.all([worker(), worker()]);
    await call(one, "answered", 2);
    await call(other, "failed");
    expect(opened).to.deep.equal([]);

    await call(one, "failed");

    expect(opened).to.deep.equal(["aws"]);
    const refused = await refusal(other);
    expect(refused.code).to.equal("PROVIDER_CIRCUIT_OPEN");
    expect(refused.afterMs).to.be.within(55_000, 60_000);
    await other.enter("gcp");
  });

  it("stays closed while most calls are answered, or there were too few to judge", async () => {
    const breaker = await worker();
    await call(breaker, "failed", 3);
    await call(breaker, "answered", 4);
    await breaker.enter("aws");

    expect(opened).to.deep.equal([]);
  });

  it("forgets what happened before the window", async () => {
    const breaker = await worker({ windowMs: 100 });
    await call(breaker, "failed", 3);
    const key = `${redis.prefix}:circuit:aws`;
    await until(async () => (await redis.connection().exists(key)) === 0);

    await call(breaker, "failed", 3);

    expect(opened).to.deep.equal([]);
  });

  it("lets one job of all workers try, and closes when that was answered", async () => {
    const [one, other] = await Promise.all([worker({ openMs: 1 }), worker()]);
    await call(one, "failed", 4);
    const canary = await until(async () => one.enter("aws"));

    expect((await refusal(other)).afterMs).to.equal(2_000);
    await canary.answered();

    await call(other, "answered");
    await call(one, "answered");
  });

  it("opens again when the one that tried failed", async () => {
    const [hasty, patient] = await Promise.all([worker({ openMs: 1 }), worker()]);
    await call(hasty, "failed", 4);
    const first = await until(async () => hasty.enter("aws"));
    await first.failed();
    const second = await until(async () => patient.enter("aws"));

    await second.failed();

    expect((await refusal(hasty)).afterMs).to.be.within(55_000, 60_000);
  });

  it("lets the next job try when the one that tried made no call, or died", async () => {
    const [mortal, other] = await Promise.all([worker({ openMs: 1, canaryMs: 1 }), worker()]);
    await call(mortal, "failed", 4);
    const idle = await until(async () => other.enter("aws"));
    expect((await refusal(mortal)).afterMs).to.equal(2_000);
    await idle.leave();

    await mortal.enter("aws");

    const afterDeath = await until(async () => other.enter("aws"));
    expect((await refusal(mortal)).afterMs).to.equal(2_000);
    await afterDeath.answered();
    await call(mortal, "answered", 2);
  });

  it("lets everybody pass while Redis is away", async () => {
    const away = new Redis("redis://127.0.0.1:1", {
      maxRetriesPerRequest: null,
      retryStrategy: () => 10_000,
    });
    away.on("error", () => {});
    const breaker = new CircuitBreaker(away, { prefix: redis.prefix });

    await call(breaker, "failed", 20);
    await call(breaker, "answered");

    away.disconnect();
  });
});
