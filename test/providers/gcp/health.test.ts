import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { SimulatedGcp } from "../../../local/clouds/gcp/server.ts";
import { emptyProject } from "../../../local/clouds/gcp/state.ts";
import type { Provider } from "../../../providers/provider.ts";
import { failureOf, providerErrorOf } from "../../support/failure.ts";
import { accountEmail, calm, openAt, startGcpWith } from "../../support/gcp.ts";

const projectId = "acme-prod";
const getProject = "cloudresourcemanager:projects.get";

describe("checking the health of GCP", function () {
  this.timeout(10_000);
  let cloud: SimulatedGcp;
  let provider: Provider;

  beforeEach(async () => {
    cloud = await startGcpWith(emptyProject(projectId));
    provider = openAt(cloud, { projectId, limits: { healthTimeout: 250 } });
  });
  afterEach(async () => {
    provider.close();
    await cloud.close();
  });

  it("names the project and times the call apart from the token", async () => {
    cloud.faults.push({ operation: "oauth2:token", latencyMs: 150 });
    const health = await provider.checkHealth(calm());
    expect(health.identity).to.deep.equal({
      accountId: projectId,
      displayName: "Project acme-prod",
    });
    expect(health.degraded).to.equal(null);
    expect(health.responseTimeMs).to.be.greaterThan(0).and.lessThan(150);
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
    for (const operation of ["oauth2:token", getProject]) {
      cloud.faults.clear();
      cloud.faults.push({ operation, effect: { kind: "hang" } });
      const start = performance.now();
      const error = await providerErrorOf(provider.checkHealth(calm()));
      expect(error.code).to.equal("PROVIDER_UNAVAILABLE");
      expect(performance.now() - start).to.be.lessThan(1_000);
    }
  });

  it("ends within the caller's limit when a socket hangs", async () => {
    cloud.faults.push({ operation: getProject, effect: { kind: "hang" } });
    const signal = AbortSignal.timeout(60);
    const start = performance.now();
    expect(await failureOf(provider.checkHealth(signal))).to.equal(signal.reason);
    expect(performance.now() - start).to.be.lessThan(240);
  });
});
