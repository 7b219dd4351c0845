import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { healthPatience } from "../../../providers/aws/health.ts";
import { openAws } from "../../../providers/aws/provider.ts";
import { ProviderError } from "../../../providers/errors.ts";
import { type AwsWorld, accountId, impatient, setupAws, soon } from "../../support/aws.ts";
import { failureOf } from "../../support/failure.ts";

const operation = "sts:GetCallerIdentity";

describe("health of an AWS credential", () => {
  let world: AwsWorld;

  beforeEach(async () => {
    world = await setupAws();
  });

  afterEach(() => world.close());

  it("reports the identity and how long the answer took", async () => {
    world.aws.faults.latencyMs = 30;
    const { identity, responseTimeMs, degraded } = await world.provider.checkHealth(soon());
    expect(identity.accountId).to.equal(accountId);
    expect(responseTimeMs).to.be.at.least(29);
    expect(degraded).to.equal(null);
  });

  it("times a refusal too, but not what comes before the call", async () => {
    world.aws.faults.latencyMs = 40;
    world.account.keys.set(world.credential.accessKey, { secretKey: "", revoked: true });
    const error = await failureOf(world.provider.checkHealth(soon()), ProviderError);
    expect(error.answerMs).to.be.within(39, 2_000);
  });

  it("notices a revoked key although it worked before", async () => {
    await world.provider.checkHealth(soon());
    world.account.keys.set(world.credential.accessKey, { secretKey: "", revoked: true });
    const error = await failureOf(world.provider.checkHealth(soon()), ProviderError);
    expect(error).to.include({ code: "CREDENTIAL_REJECTED", nativeCode: "InvalidClientTokenId" });
  });

  it("makes one attempt only", async () => {
    world.aws.faults.push({ operation, effect: { kind: "throttle" } });
    const error = await failureOf(world.provider.checkHealth(soon()), ProviderError);
    expect(error.code).to.equal("THROTTLED");
    expect(world.aws.faults.callsOf(operation)).to.have.length(1);
  });

  it("ends within its limit when nobody answers", async () => {
    world.aws.faults.push({ operation, effect: { kind: "hang" } });
    const startedAt = performance.now();
    const health = world.open({}, impatient(100)).checkHealth(soon());
    const error = await failureOf(health, ProviderError);
    expect(error.code).to.equal("PROVIDER_UNAVAILABLE");
    expect(performance.now() - startedAt).to.be.below(healthPatience.answerMs);
  });

  it("ends with the signal, throwing its reason", async () => {
    world.aws.faults.push({ operation, effect: { kind: "hang" } });
    const signal = AbortSignal.timeout(50);
    const error = await failureOf(world.provider.checkHealth(signal), DOMException);
    expect(error).to.equal(signal.reason);
  });

  it("blames our clock, not the key, for a request out of time", async () => {
    const effect = { kind: "error", status: 403, code: "RequestTimeTooSkewed" } as const;
    world.aws.faults.push({ operation, effect });
    const error = await failureOf(world.provider.checkHealth(soon()), ProviderError);
    expect(error).to.include({ code: "CLOCK_SKEWED", fault: "operator" });
  });

  it("says that nobody listens when the endpoint is down", async () => {
    const { url } = world.aws;
    await world.aws.close();
    const provider = openAws(world.credential, { aws: url });
    const error = await failureOf(provider.checkHealth(soon()), ProviderError);
    expect(error).to.include({ code: "PROVIDER_UNAVAILABLE", nativeCode: "ECONNREFUSED" });
    world = await setupAws();
  });

  it("refuses to open with half a key", () => {
    const credential = { ...world.credential, secretKey: "" };
    expect(() => openAws(credential, {}))
      .to.throw(ProviderError)
      .with.property("code", "CREDENTIAL_INCOMPLETE");
  });
});
