import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { SimulatedGcp } from "../../../local/clouds/gcp/server.ts";
import { emptyProject } from "../../../local/clouds/gcp/state.ts";
import type { Discovery } from "../../../providers/provider.ts";
import type { CredentialSettings } from "../../../providers/settings.ts";
import { providerErrorOf } from "../../support/failure.ts";
import { calm, openAt, startGcpWith } from "../../support/gcp.ts";

const projectId = "acme-prod";

describe("discovering GCP", () => {
  let cloud: SimulatedGcp;

  beforeEach(async () => {
    cloud = await startGcpWith(emptyProject(projectId), emptyProject("acme-test"));
  });
  afterEach(() => cloud.close());

  async function discoverWith(settings: CredentialSettings): Promise<Discovery> {
    const provider = openAt(cloud, { projectId, settings });
    try {
      return await provider.discover(calm());
    } finally {
      provider.close();
    }
  }

  it("finds one scope a kind, which answers for all regions", async () => {
    const { identity, scopes, assumed } = await discoverWith({});
    expect(identity).to.deep.equal({ accountId: projectId, displayName: "Project acme-prod" });
    expect(assumed).to.equal(false);
    expect(scopes).to.deep.equal(
      [
        "compute:instance",
        "compute:disk",
        "storage:bucket",
        "compute:network",
        "compute:subnetwork",
      ].map((kind) => ({ accountId: projectId, region: "global", kind })),
    );
  });

  it("gives each wanted region its scope, and resources without a region a global one", async () => {
    const { scopes } = await discoverWith({ regions: ["europe-west1", "us-east1"] });
    const regionsOf = (kind: string): string[] =>
      scopes.filter((scope) => scope.kind === kind).map((scope) => scope.region);
    expect(regionsOf("compute:instance")).to.deep.equal(["europe-west1", "us-east1"]);
    expect(regionsOf("compute:network")).to.deep.equal(["global"]);
  });

  it("adds further projects once each, those out of sight too, but none being deleted", async () => {
    const doomed = { ...emptyProject("acme-old"), state: "DELETE_REQUESTED" } as const;
    cloud.addProject(doomed);
    for (const account of cloud.state.serviceAccounts.values()) account.projects.add("acme-old");
    const projects = ["acme-test", projectId, "acme-old", "someone-else"];
    const { scopes } = await discoverWith({ projects });
    expect([...new Set(scopes.map((scope) => scope.accountId))]).to.deep.equal([
      projectId,
      "acme-test",
      "someone-else",
    ]);
    expect(scopes).to.have.length(15);
  });

  it("takes an empty list of regions for no wish", async () => {
    const { scopes } = await discoverWith({ regions: [] });
    expect(scopes.every((scope) => scope.region === "global")).to.equal(true);
    expect(scopes).to.have.length(5);
  });

  it("fails when a further project could not be asked for", async () => {
    const operation = "cloudresourcemanager:projects.get";
    cloud.faults.push({ operation, call: 2, effect: { kind: "error", status: 400 } });
    const error = await providerErrorOf(discoverWith({ projects: ["acme-test"] }));
    expect(error.code).to.equal("INVALID_REQUEST");
  });

  it("fails when its own project is out of reach or being deleted", async () => {
    const project = cloud.state.projects.get(projectId);
    if (project !== undefined) project.state = "DELETE_REQUESTED";
    const deleted = await providerErrorOf(discoverWith({}));
    expect(deleted.code).to.equal("ACCOUNT_UNUSABLE");
    expect(deleted.nativeCode).to.equal("DELETE_REQUESTED");
    cloud.state.projects.delete(projectId);
    expect((await providerErrorOf(discoverWith({}))).code).to.equal("PERMISSION_DENIED");
  });
});
