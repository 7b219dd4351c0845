import { inspect } from "node:util";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { healthPatience } from "../../../providers/azure/call-policies.ts";
import { openAzure } from "../../../providers/azure/provider.ts";
import { openSession } from "../../../providers/azure/session.ts";
import { readSubscription } from "../../../providers/azure/subscription.ts";
import {
  type AzureSetup,
  azureClient,
  azureCredential,
  azureSecret,
  azureSubscription,
  azureTenant,
  noAbort,
  setupAzure,
} from "../../support/azure.ts";
import { failureOf, providerErrorOf } from "../../support/failure.ts";

const unknownId = "00000000-0000-4000-8000-00000000dead";

describe("observeHealth of Azure", () => {
  let setup: AzureSetup;
  beforeEach(async () => {
    setup = await setupAzure();
  });
  afterEach(() => setup.azure.close());

  it("reads an enabled subscription with one token and one call", async () => {
    const health = await setup.provider.checkHealth(noAbort);

    expect(health.identity).to.deep.equal({
      accountId: azureSubscription.toLowerCase(),
      displayName: "Test",
    });
    expect(health.degraded).to.equal(null);
    expect(setup.azure.calls.map(({ operation }) => operation)).to.deep.equal([
      "entra:GetConfiguration",
      "entra:GetToken",
      "arm:GetSubscription",
    ]);
  });

  it("times the call but not the token", async () => {
    setup.azure.faults.push({ operation: "entra:GetToken", latencyMs: 200 });
    setup.azure.faults.push({ operation: "arm:GetSubscription", latencyMs: 60 });
    const started = performance.now();

    const { responseTimeMs } = await setup.provider.checkHealth(noAbort);

    const withoutToken = performance.now() - started - 199;
    expect(responseTimeMs).to.be.at.least(59).and.at.most(withoutToken);
  });

  it("notices a revoked secret although a token of it is still good", async () => {
    await setup.provider.discover(noAbort);
    await setup.provider.checkHealth(noAbort);
    for (const app of setup.azure.state.apps) app.secret = "another one";

    const error = await providerErrorOf(setup.provider.checkHealth(noAbort));

    expect([error.code, error.nativeCode]).to.deep.equal(["CREDENTIAL_REJECTED", "AADSTS7000215"]);
    await setup.provider.discover(noAbort);
  });

  const rejected = [
    ["a wrong secret", { clientSecret: "wrong~secret" }, "AADSTS7000215"],
    ["an unknown application", { clientId: unknownId }, "AADSTS700016"],
    ["an unknown tenant", { tenantId: unknownId }, "AADSTS90002"],
  ] as const;
  for (const [what, change, nativeCode] of rejected) {
    it(`rejects ${what} without naming ids, times or secrets`, async () => {
      const error = await providerErrorOf(setup.open(change).checkHealth(noAbort));

      expect([error.code, error.nativeCode, error.fault]).to.deep.equal([
        "CREDENTIAL_REJECTED",
        nativeCode,
        "tenant",
      ]);
      expect(error.message).not.to.match(/[0-9a-f]{8}-|\d{4}-\d\d|Trace|wrong~/i);
    });
  }

  it("rejects an expired secret", async () => {
    for (const app of setup.azure.state.apps) app.secretState = "expired";

    const error = await providerErrorOf(setup.provider.checkHealth(noAbort));

    expect([error.code, error.nativeCode]).to.deep.equal(["CREDENTIAL_REJECTED", "AADSTS7000222"]);
  });

  for (const state of ["Warned", "PastDue"] as const) {
    it(`calls a subscription in state ${state} degraded`, async () => {
      for (const subscription of setup.azure.state.subscriptions) subscription.state = state;

      const { degraded } = await setup.provider.checkHealth(noAbort);

      expect(degraded).to.contain(state);
    });
  }

  for (const state of ["Disabled", "Deleted"] as const) {
    it(`calls a subscription in state ${state} unusable`, async () => {
      for (const subscription of setup.azure.state.subscriptions) subscription.state = state;

      const error = await providerErrorOf(setup.provider.checkHealth(noAbort));

      expect([error.code, error.nativeCode]).to.deep.equal(["ACCOUNT_UNUSABLE", state]);
    });
  }

  it("tells a missing role from an unknown subscription", async () => {
    const unknown = setup.open({ subscriptionId: unknownId });
    const [subscription] = setup.azure.state.subscriptions;
    subscription?.readers.pop();

    const denied = await providerErrorOf(setup.provider.checkHealth(noAbort));
    const missing = await providerErrorOf(unknown.checkHealth(noAbort));

    expect([denied.code, denied.nativeCode]).to.deep.equal([
      "PERMISSION_DENIED",
      "AuthorizationFailed",
    ]);
    expect([missing.code, missing.nativeCode]).to.deep.equal(["NOT_FOUND", "SubscriptionNotFound"]);
  });

  for (const operation of ["entra:GetConfiguration", "entra:GetToken", "arm:GetSubscription"]) {
    it(`makes a single attempt when ${operation} is throttled, fails or breaks`, async () => {
      const effects = [
        { kind: "throttle", retryAfterSeconds: 2 },
        { kind: "error", status: 503 },
        { kind: "reset" },
      ] as const;
      const codes = [];
      for (const effect of effects) {
        setup.azure.faults.push({ operation, times: 1, effect });
        const error = await providerErrorOf(setup.provider.checkHealth(noAbort));
        codes.push([error.code, error.retryAfterMs]);
      }

      expect(codes).to.deep.equal([
        ["THROTTLED", 2_000],
        ["PROVIDER_UNAVAILABLE", undefined],
        ["PROVIDER_UNAVAILABLE", undefined],
      ]);
      expect(setup.azure.faults.callsOf(operation)).to.have.length(3);
    });

    it(`ends with the caller's limit when ${operation} hangs`, async () => {
      setup.azure.faults.push({ operation, effect: { kind: "hang" } });
      const limit = AbortSignal.timeout(300);

      const error = await failureOf(setup.provider.checkHealth(limit));

      expect(error).to.equal(limit.reason);
    });
  }

  it("bounds an attempt by itself when the caller sets no limit", async () => {
    setup.azure.faults.push({ operation: "arm:GetSubscription", effect: { kind: "hang" } });
    const session = openSession(azureCredential(), setup.endpoints);
    const patience = { ...healthPatience, attemptTimeoutMs: 1_000 };

    const tokens = await session.tokens(noAbort);
    const error = await providerErrorOf(readSubscription(session, tokens, noAbort, patience));

    expect(healthPatience.attemptTimeoutMs).to.equal(5_000);
    expect([error.code, error.nativeCode]).to.deep.equal(["PROVIDER_UNAVAILABLE", "TIMEOUT"]);
    expect(setup.azure.faults.callsOf("arm:GetSubscription")).to.have.length(1);
  });

  it("blames the operator for an authority whose certificate is not trusted", async () => {
    const untrusting = openAzure(azureCredential(), {
      azure: { resourceManager: setup.azure.url, authorityHost: setup.azure.authorityUrl },
    });

    const error = await providerErrorOf(untrusting.checkHealth(noAbort));

    expect([error.code, error.fault]).to.deep.equal(["INVALID_REQUEST", "operator"]);
    expect(error.message).to.contain("certificate is not trusted");
  });

  it("keeps secrets and tokens out of everything that a log may print", async () => {
    const errors = [];
    for (const operation of ["entra:GetConfiguration", "entra:GetToken", "arm:GetSubscription"]) {
      for (const kind of ["throttle", "deny", "reset"] as const) {
        setup.azure.faults.push({ operation, times: 1, effect: { kind } });
        errors.push(await providerErrorOf(setup.provider.checkHealth(noAbort)));
      }
    }

    for (const error of errors) {
      const printed = `${inspect(error, { depth: 12 })} ${JSON.stringify(error)} ${error.message}`;
      expect(printed).not.to.contain(azureSecret);
      expect(printed).not.to.contain(encodeURIComponent(azureSecret));
      expect(printed).not.to.match(/Bearer simulated|simulated\.[0-9a-f]{8}-/);
      expect(error.message).not.to.contain(azureTenant);
      expect(error.message).not.to.contain(azureClient);
    }
  });
});
