import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { SimulatedGcp } from "../../../local/clouds/gcp/server.ts";
import { emptyProject } from "../../../local/clouds/gcp/state.ts";
import { defaultLimits } from "../../../providers/gcp/limits.ts";
import type { Provider } from "../../../providers/provider.ts";
import { failureOf, providerErrorOf } from "../../support/failure.ts";
import { accountEmail, calm, openAt, startGcpWith } from "../../support/gcp.ts";
import { startTcpServer } from "../../support/tcp-server.ts";

const projectId = "acme-prod";
const getProject = "cloudresourcemanager:projects.get";

describe("checking the health of GCP", () => {
  let cloud: SimulatedGcp;
  let provider: Provider;

  beforeEach(async () => {
    cloud = await startGcpWith(emptyProject(projectId));
    provider = openAt(cloud, { projectId });
  });
  afterEach(async () => {
    provider.close();
    await cloud.close();
  });

  it("names the project and times the call apart from the token", async () => {
    cloud.faults.push({ operation: "oauth2:token", latencyMs: 150 });
    const started = performance.now();
    const health = await provider.checkHealth(calm());
    const withoutToken = performance.now() - started - 149;
    expect(health.identity).to.deep.equal({
      accountId: projectId,
      displayName: "Project acme-prod",
    });
    expect(health.degraded).to.equal(null);
    expect(health.responseTimeMs).to.be.greaterThan(0).and.at.most(withoutToken);
  });

  it("mints a token each time, so a key revoked since the last check is found", async () => {
    await provider.checkHealth(calm());
    const account = cloud.state.serviceAccounts.get(accountEmail);
    if (account !== undefined) account.isRevoked = true;
    const error = await providerErrorOf(provider.checkHealth(calm()));
    expect(error.code).to.equal("CREDENTIAL_REJECTED");
    expect(error.fault).to.equal("tenant");
    expect(error.message).to.equal("Google rejects the service-account key");
  });

  it("reports an account that no longer exists", async () => {
    cloud.state.serviceAccounts.delete(accountEmail);
    const error = await providerErrorOf(provider.checkHealth(calm()));
    expect(error.code).to.equal("CREDENTIAL_REJECTED");
  });

  it("blames the clock, not the key, when the two disagree about the time", async () => {
    cloud.state.clockAhead = 2 * 3600 * 1000;
    const error = await providerErrorOf(provider.checkHealth(calm()));
    expect(error.code).to.equal("CLOCK_SKEWED");
    expect(error.fault).to.equal("operator");
  });

  for (const [what, body] of [
    ["a sign-in page", "<html>Sign in</html>"],
    ["nothing", ""],
    ["JSON without what was asked for", "{}"],
  ] as const) {
    it(`does not take ${what} for an answer, of the authority or of the API`, async () => {
      const page = `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
      const proxy = await startTcpServer((client) => {
        client.once("data", () => client.end(page));
      });
      const url = `http://127.0.0.1:${proxy.port}`;
      const places = [
        { api: cloud.url, token: url },
        { api: url, token: cloud.tokenUrl },
      ];
      const checks = places.map(async (endpoints) => {
        const intercepted = openAt(cloud, { projectId, endpoints });
        return intercepted.checkHealth(calm()).finally(() => intercepted.close());
      });
      const ends = await Promise.allSettled(checks);
      await proxy.close();
      for (const end of ends) {
        expect(end).to.have.property("reason").that.includes({ code: "PROVIDER_UNAVAILABLE" });
      }
    });
  }

  it("times a refusal of the authority too", async () => {
    cloud.faults.push({ operation: "oauth2:token", latencyMs: 40 });
    cloud.state.serviceAccounts.delete(accountEmail);
    const error = await providerErrorOf(provider.checkHealth(calm()));
    expect(error.answerMs).to.be.within(39, defaultLimits.healthTimeout);
  });

  it("says that the API is disabled", async () => {
    cloud.state.projects.get(projectId)?.disabledApis.add("cloudresourcemanager");
    const error = await providerErrorOf(provider.checkHealth(calm()));
    expect(error.code).to.equal("SERVICE_DISABLED");
  });

  it("is degraded while the project waits for its deletion", async () => {
    const project = cloud.state.projects.get(projectId);
    if (project !== undefined) project.state = "DELETE_REQUESTED";
    const { degraded } = await provider.checkHealth(calm());
    expect(degraded).to.equal("The project is DELETE_REQUESTED");
  });

  it("tries once", async () => {
    for (const operation of ["oauth2:token", getProject]) {
      cloud.faults.clear();
      cloud.faults.forget();
      cloud.faults.push({ operation, effect: { kind: "error", status: 503 } });
      const error = await providerErrorOf(provider.checkHealth(calm()));
      expect(error.code).to.equal("PROVIDER_UNAVAILABLE");
      expect(error.operation).to.equal(operation);
      expect(cloud.faults.callsOf(operation)).to.have.length(1);
    }
  });

  it("ends within its own limit when a socket hangs", async () => {
    provider.close();
    provider = openAt(cloud, { projectId, limits: { healthTimeout: 250 } });
    for (const operation of ["oauth2:token", getProject]) {
      cloud.faults.clear();
      cloud.faults.push({ operation, effect: { kind: "hang" } });
      const start = performance.now();
      const error = await providerErrorOf(provider.checkHealth(calm()));
      expect(error.code).to.equal("PROVIDER_UNAVAILABLE");
      expect(performance.now() - start).to.be.lessThan(defaultLimits.healthTimeout);
    }
  });

  it("ends within the caller's limit when a socket hangs", async () => {
    cloud.faults.push({ operation: getProject, effect: { kind: "hang" } });
    const signal = AbortSignal.timeout(60);
    const start = performance.now();
    expect(await failureOf(provider.checkHealth(signal))).to.equal(signal.reason);
    expect(performance.now() - start).to.be.lessThan(defaultLimits.healthTimeout);
  });
});
