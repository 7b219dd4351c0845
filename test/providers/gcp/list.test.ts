import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { generateProject } from "../../../local/clouds/gcp/generate.ts";
import type { SimulatedGcp } from "../../../local/clouds/gcp/server.ts";
import { defaultLimits } from "../../../providers/gcp/limits.ts";
import type { Provider, Scope } from "../../../providers/provider.ts";
import { failureOf, providerErrorOf } from "../../support/failure.ts";
import { calm, openAt, pagesOf, resourcesOf, startGcpWith } from "../../support/gcp.ts";
import { until } from "../../support/until.ts";

const projectId = "acme-prod";
const scopeOf = (kind: string, region = "global"): Scope => ({
  accountId: projectId,
  region,
  kind,
});
const instances = scopeOf("compute:instance");
const listInstances = "compute:instances.aggregatedList";

describe("listing GCP", () => {
  let cloud: SimulatedGcp;
  let provider: Provider;

  beforeEach(async () => {
    const project = generateProject({ projectId, seed: 1, resources: 1_500 });
    cloud = await startGcpWith(project);
    provider = openAt(cloud, { projectId });
  });
  afterEach(async () => {
    provider.close();
    await cloud.close();
  });

  it("reads every resource of every kind once", async () => {
    const { scopes } = await provider.discover(calm());
    const found = [];
    for (const scope of scopes) found.push(...(await resourcesOf(provider, scope)));

    expect(found).to.have.length(1_500);
    expect(new Set(found.map((resource) => resource.resourceId)).size).to.equal(1_500);
    expect(cloud.calls.every((call) => call.principal !== null)).to.equal(true);
    expect(cloud.faults.callsOf("oauth2:token")).to.have.length(1);
  });

  it("names each page's successor and ends with none", async () => {
    const pages = await pagesOf(provider, instances);
    expect(pages.map((page) => page.resources.length)).to.deep.equal([500, 100]);
    expect(pages[0]?.cursor).to.be.a("string");
    expect(pages[1]?.cursor).to.equal(null);
  });

  it("continues from a cursor", async () => {
    const [first, second] = await pagesOf(provider, instances);
    const again = [];
    const options = { signal: calm(), cursor: first?.cursor ?? "" };
    for await (const page of provider.list(instances, options)) again.push(page);
    expect(again).to.deep.equal([second]);
  });

  it("goes on after an empty page that has a token", async () => {
    cloud.faults.push({ operation: listInstances, page: 2, effect: { kind: "empty-page" } });
    const pages = await pagesOf(provider, instances);
    expect(pages.map((page) => page.resources.length)).to.deep.equal([500, 0, 100]);
  });

  const longListings = [
    { kind: "compute:disk", of: "disks", operation: "compute:disks.aggregatedList", size: 500 },
    { kind: "compute:network", of: "networks", operation: "compute:networks.list", size: 500 },
    {
      kind: "compute:subnetwork",
      of: "subnetworks",
      operation: "compute:subnetworks.aggregatedList",
      size: 500,
    },
    { kind: "storage:bucket", of: "buckets", operation: "storage:buckets.list", size: 1000 },
  ] as const;
  for (const { kind, of, operation, size } of longListings) {
    it(`reads a long listing of ${of}, an empty page in the middle included`, async () => {
      const project = cloud.state.projects.get(projectId);
      const [model] = project?.[of] ?? [];
      if (project === undefined || model === undefined) throw new Error("nothing generated");
      project[of] = Array.from({ length: size + 7 }, (_, n) => ({ ...model, name: `x-${n}` }));
      cloud.faults.push({ operation, page: 2, effect: { kind: "empty-page" } });
      const pages = await pagesOf(provider, scopeOf(kind));
      expect(pages.map((page) => page.resources.length)).to.deep.equal([size, 0, 7]);
      const names = pages.flatMap((page) => page.resources.map((found) => found.name));
      expect(new Set(names).size).to.equal(size + 7);
    });
  }

  it("reports a zone that Google could not reach as its region unread", async () => {
    const zone = "zones/europe-west1-b";
    cloud.state.projects.get(projectId)?.unreachable.add(zone);
    const pages = await pagesOf(provider, instances);
    expect(pages[0]?.unread).to.deep.equal([
      {
        region: "europe-west1",
        reason: "unreachable",
        message: "Google did not read all of it: UNREACHABLE",
      },
    ]);
    const zones = pages.flatMap((page) => page.resources.map((found) => found.metadata["zone"]));
    expect(zones).to.include("europe-west1-c").and.not.include("europe-west1-b");
  });

  it("ends with PROVIDER_UNAVAILABLE when a token comes round again", async () => {
    cloud.faults.push({ operation: listInstances, effect: { kind: "repeated-token" } });
    const error = await providerErrorOf(pagesOf(provider, instances));
    expect(error.code).to.equal("PROVIDER_UNAVAILABLE");
    expect(error.nativeCode).to.equal("repeated page token");
    expect(cloud.faults.callsOf(listInstances)).to.have.length(2);
  });

  it("keeps only the region of its scope, and only that region's gaps", async () => {
    cloud.state.projects.get(projectId)?.unreachable.add("zones/us-east1-b");
    const europe = await pagesOf(provider, scopeOf("compute:instance", "europe-west1"));
    const regions = new Set(europe.flatMap((page) => page.resources.map((found) => found.region)));
    expect([...regions]).to.deep.equal(["europe-west1"]);
    expect(europe.every((page) => page.unread === undefined)).to.equal(true);

    const america = await pagesOf(provider, scopeOf("compute:instance", "us-east1"));
    expect(america[0]?.unread?.map((gap) => gap.region)).to.deep.equal(["us-east1"]);
  });

  it("refuses a kind that it does not know", async () => {
    const error = await providerErrorOf(pagesOf(provider, scopeOf("compute:nothing")));
    expect(error.code).to.equal("INVALID_REQUEST");
  });

  it("stops at once when aborted while Google hangs", async () => {
    cloud.faults.push({ operation: listInstances, effect: { kind: "hang" } });
    const reason = new Error("shutting down");
    const abort = new AbortController();
    const pages = failureOf(pagesOf(provider, instances, abort.signal));
    await until(() => cloud.faults.callsOf(listInstances).length > 0);
    const start = performance.now();
    abort.abort(reason);
    expect(await pages).to.equal(reason);
    expect(performance.now() - start).to.be.lessThan(defaultLimits.requestTimeout / 10);
  });

  it("stops at once when aborted while it waits to try again", async () => {
    provider.close();
    provider = openAt(cloud, { projectId, limits: { backoff: 60_000 } });
    const effect = { kind: "error", status: 503 } as const;
    cloud.faults.push({ operation: "storage:buckets.list", effect });
    const reason = new Error("shutting down");
    const abort = new AbortController();
    const pages = failureOf(pagesOf(provider, scopeOf("storage:bucket"), abort.signal));
    await until(() => cloud.faults.callsOf("storage:buckets.list").length > 0);
    abort.abort(reason);
    expect(await pages).to.equal(reason);
  });
});
