import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { ProviderError, type ProviderErrorCode } from "../../providers/errors.ts";
import type { Provider } from "../../providers/provider.ts";
import { enqueue } from "../../queues/enqueue.ts";
import { findJobRun } from "../../tables/job-runs.ts";
import { CircuitBreaker } from "../../workers/circuit-breaker.ts";
import { PostponeError } from "../../workers/errors.ts";
import { guardProviders } from "../../workers/guard-provider.ts";
import { failureOf } from "../support/failure.ts";
import { until } from "../support/until.ts";
import { type WorkerRig, workerRig } from "../support/worker-rig.ts";

const credential = {
  provider: "aws",
  accessKey: "key",
  secretKey: "secret",
  region: null,
  settings: {},
} as const;
const signal = new AbortController().signal;
const scope = { accountId: "1", region: "eu-west-1", kind: "ec2:instance" };

describe("a guarded provider", () => {
  let rig: WorkerRig;
  let breaker: CircuitBreaker;
  beforeEach(async () => {
    rig = await workerRig();
    const connection = rig.redis.connection();
    await connection.ping();
    const settings = { windowMs: 60_000, leastCalls: 2, openMs: 30_000, canaryMs: 60_000 };
    breaker = new CircuitBreaker(connection, { prefix: rig.redis.prefix, settings });
  });
  afterEach(async () => rig.close());

  const failWith = (error: Error): Provider => {
    const fail = async () => {
      throw error;
    };
    const list = () => ({ [Symbol.asyncIterator]: () => ({ next: fail }) });
    return { name: "aws", discover: fail, checkHealth: fail, list, close: () => {} };
  };
  const providerError = (code: ProviderErrorCode): ProviderError =>
    new ProviderError(code, "no", { provider: "aws", nativeCode: null, operation: "x" });
  const open = (provider: Provider) => guardProviders(async () => provider, breaker)(credential);
  const drain = async (provider: Provider): Promise<void> => {
    for await (const page of provider.list(scope, { signal })) expect(page).to.have.keys(["x"]);
  };

  it("opens the circuit by calls of every kind that were not answered", async () => {
    const provider = await open(failWith(providerError("PROVIDER_UNAVAILABLE")));
    expect(await failureOf(provider.discover(signal))).to.be.instanceOf(ProviderError);
    await failureOf(drain(provider));

    expect(await failureOf(open(failWith(new Error("never called"))))).to.be.instanceOf(
      PostponeError,
    );
  });

  it("counts a call that ran into its own time limit", async () => {
    const late = new DOMException("The operation timed out", "TimeoutError");
    const provider = await open(failWith(late));
    await failureOf(provider.checkHealth(signal));
    await failureOf(provider.checkHealth(signal));

    expect(await failureOf(open(provider))).to.be.instanceOf(PostponeError);
  });

  for (const code of ["THROTTLED", "PERMISSION_DENIED", "CREDENTIAL_REJECTED"] as const) {
    it(`stays closed when the provider answers ${code}`, async () => {
      const provider = await open(failWith(providerError(code)));
      for (let time = 0; time < 4; time += 1) await failureOf(provider.discover(signal));

      await open(provider);
    });
  }

  it("stays closed when a tenant names a region that does not exist", async () => {
    const cause = Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" });
    const facts = { provider: "aws", nativeCode: null, operation: "x", cause } as const;
    const unknown = new ProviderError("PROVIDER_UNAVAILABLE", "no", facts);
    const provider = await open(failWith(unknown));
    for (let time = 0; time < 4; time += 1) await failureOf(provider.discover(signal));

    await open(provider);
  });

  it("stays closed when jobs are aborted", async () => {
    const provider = await open(failWith(new Error("the worker is stopping")));
    for (let time = 0; time < 4; time += 1) await failureOf(provider.discover(signal));

    await open(provider);
  });

  it("has costs only where the provider has them", async () => {
    const plain = failWith(new Error("no"));
    const withCosts: Provider = {
      ...plain,
      async *costs() {
        yield [];
      },
    };

    expect(await open(plain)).to.not.have.property("costs");
    expect(await open(withCosts)).to.have.property("costs");
  });

  it("postpones jobs while the circuit is open, without using up their attempts", async () => {
    const broken = await open(failWith(providerError("PROVIDER_UNAVAILABLE")));
    await failureOf(broken.discover(signal));
    await failureOf(broken.discover(signal));
    await rig.start({ sync: async () => open(broken) });

    const id = await enqueue(rig.queues.sync, "sync", { userId: 1, credentialId: 2 });
    await until(async () => (await rig.queues.sync.getJobState(id)) === "delayed");

    const job = await rig.queues.sync.getJob(id);
    expect(job?.delay).to.be.within(25_000, 33_000);
    const waiting = { state: "handed-back", errorCode: "PROVIDER_CIRCUIT_OPEN", attempt: 1 };
    expect(await findJobRun(rig.database.dataSource, "sync", id)).to.include(waiting);
    await job?.promote();
    await until(async () => {
      const run = await findJobRun(rig.database.dataSource, "sync", id);
      return run?.starts === 2 && run.state === "handed-back" && run.attempt === 1;
    });
  });
});
