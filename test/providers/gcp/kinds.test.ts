import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { generateProject } from "../../../local/clouds/gcp/generate.ts";
import type { SimulatedGcp } from "../../../local/clouds/gcp/server.ts";
import {
  emptyProject,
  type GcpProject,
  type GcpResource,
} from "../../../local/clouds/gcp/state.ts";
import { gcpKinds } from "../../../providers/gcp/kinds.ts";
import {
  type DiscoveredResource,
  type Provider,
  resourceStatuses,
} from "../../../providers/provider.ts";
import { openAt, resourcesOf, startGcpWith } from "../../support/gcp.ts";

const projectId = "acme-prod";
const link = "https://www.googleapis.com/compute/v1/projects/acme-prod";

/** A body with what every Compute resource has. */
function body(path: string, fields: object): GcpResource {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return { id: "5555555555555555555", name, selfLink: `${link}/${path}`, ...fields };
}

describe("the kinds of GCP", () => {
  let cloud: SimulatedGcp;
  let provider: Provider;
  let project: GcpProject;

  before(async () => {
    project = emptyProject(projectId);
    cloud = await startGcpWith(project);
    provider = openAt(cloud, { projectId });
  });
  after(async () => {
    provider.close();
    await cloud.close();
  });

  function list(kind: string): Promise<DiscoveredResource[]> {
    return resourcesOf(provider, { accountId: projectId, region: "global", kind });
  }

  it("describes a VM by chosen fields, without its startup script, keys and service account", async () => {
    project.instances = [
      body("zones/europe-west1-b/instances/web", {
        status: "RUNNING",
        zone: `${link}/zones/europe-west1-b`,
        machineType: `${link}/zones/europe-west1-b/machineTypes/e2-small`,
        labels: { env: "prod" },
        tags: { items: ["http"] },
        metadata: { items: [{ key: "startup-script", value: "curl secret" }] },
        serviceAccounts: [{ email: "robot@acme.iam.gserviceaccount.com", scopes: [] }],
        networkInterfaces: [{ network: `${link}/global/networks/net`, networkIP: "10.0.0.2" }],
      }),
    ];
    const [vm] = await list("compute:instance");
    expect(vm).to.deep.equal({
      resourceId: "projects/acme-prod/zones/europe-west1-b/instances/web",
      name: "web",
      type: "vm",
      region: "europe-west1",
      status: "running",
      metadata: {
        kind: "compute:instance",
        native_status: "RUNNING",
        native_id: "5555555555555555555",
        tags: { env: "prod" },
        zone: "europe-west1-b",
        created_at: null,
        machine_type: "e2-small",
        cpu_platform: null,
        network_tags: ["http"],
        network_interfaces: [
          { network: "net", subnetwork: null, internal_ip: "10.0.0.2", external_ips: [] },
        ],
        disks: [],
        provisioning_model: null,
        deletion_protection: false,
      },
    });
  });

  const statuses = {
    PROVISIONING: "pending",
    STAGING: "pending",
    PENDING: "pending",
    RUNNING: "running",
    STOPPING: "stopping",
    SUSPENDING: "stopping",
    TERMINATED: "stopped",
    STOPPED: "stopped",
    SUSPENDED: "stopped",
    DEPROVISIONING: "deleting",
    REPAIRING: "error",
    SOMETHING_NEW: "unknown",
  };

  it("maps every state of a VM; TERMINATED is stopped", async () => {
    project.instances = Object.keys(statuses).map((status) =>
      body(`zones/us-east1-b/instances/${status}`, { status }),
    );
    const found = await list("compute:instance");
    expect(Object.fromEntries(found.map((vm) => [vm.name, vm.status]))).to.deep.equal(statuses);
  });

  it("tells a disk in use from a free one, and places a regional one", async () => {
    const regional = { status: "READY", region: `${link}/regions/us-east1`, sizeGb: "200" };
    project.disks = [
      body("zones/us-east1-b/disks/used", {
        status: "READY",
        users: [`${link}/zones/z/instances/web`],
      }),
      body("zones/us-east1-b/disks/broken", { status: "FAILED" }),
      body("regions/us-east1/disks/free", regional),
    ];
    const found = new Map((await list("compute:disk")).map((disk) => [disk.name, disk]));
    expect(found.get("used")?.status).to.equal("in_use");
    expect(found.get("broken")?.status).to.equal("error");
    expect(found.get("free")?.status).to.equal("available");
    expect(found.get("free")?.region).to.equal("us-east1");
    expect(found.get("free")?.metadata["size_gb"]).to.equal(200);
  });

  it("names what comes without a link to itself by its place", async () => {
    const zone = `${link}/zones/us-east1-b`;
    project.disks = [
      { ...body("zones/us-east1-b/disks/a", { zone }), selfLink: "" },
      { ...body("regions/us-east1/disks/b", { region: `${link}/regions/us-east1` }), selfLink: "" },
    ];
    project.networks = [{ ...body("global/networks/net", {}), selfLink: "" }];
    const found = [...(await list("compute:disk")), ...(await list("compute:network"))];
    expect(found.map(({ resourceId }) => resourceId)).to.have.members([
      "projects/acme-prod/zones/us-east1-b/disks/a",
      "projects/acme-prod/regions/us-east1/disks/b",
      "projects/acme-prod/global/networks/net",
    ]);
  });

  it("gives networks no region and subnetworks theirs", async () => {
    project.networks = [body("global/networks/net", { mtu: 1460 })];
    project.subnetworks = [
      body("regions/us-east1/subnetworks/sub", {
        region: `${link}/regions/us-east1`,
        state: "READY",
      }),
    ];
    const [network] = await list("compute:network");
    expect(network?.region).to.equal(null);
    expect(network?.status).to.equal("available");
    const [subnetwork] = await list("compute:subnetwork");
    expect(subnetwork?.region).to.equal("us-east1");
    expect(subnetwork?.metadata["native_status"]).to.equal("READY");
  });

  it("names buckets without their project, and their place in lower case", async () => {
    const [bucket] = generateProject({ projectId, seed: 3, resources: 20 }).buckets;
    project.buckets = [
      { ...bucket, name: "acme-logs", id: "acme-logs", location: "EU", selfLink: "" },
    ];
    const [found] = await list("storage:bucket");
    expect(found?.resourceId).to.equal("projects/_/buckets/acme-logs");
    expect(found?.region).to.equal("eu");
    expect(found?.status).to.equal("active");
  });

  const recorded = recordedBodies();
  const origin = recorded === null ? "generated bodies (none recorded here)" : "recorded bodies";

  it(`accepts what Google sends: ${origin}`, async () => {
    const bodies = recorded ?? generatedBodies();
    Object.assign(project, bodies);
    const found = [];
    for (const { name } of gcpKinds) found.push(...(await list(name)));

    expect(found).to.have.length(Object.values(bodies).flat().length);
    for (const { resourceId, status, metadata } of found) {
      expect(resourceId).to.match(/^projects\/[^/]+\/(zones|regions|global|buckets)\//);
      expect(resourceStatuses).to.include(status);
      expect(metadata).to.include.keys("kind", "native_status", "native_id", "tags");
    }
  });
});

type Bodies = Pick<GcpProject, "instances" | "disks" | "networks" | "subnetworks" | "buckets">;

/** Recorded answers, kept beside the repository; null where they are not. */
function recordedBodies(): Bodies | null {
  const file = new URL("../../../../shared/data/clouds/gcp.json", import.meta.url);
  if (!existsSync(file)) return null;
  const recorded: { resources: Record<string, GcpResource[]> } = JSON.parse(
    readFileSync(file, "utf8"),
  );
  const of = (kind: string): GcpResource[] => recorded.resources[kind] ?? [];
  return {
    instances: of("compute#instance"),
    disks: of("compute#disk"),
    networks: of("compute#network"),
    subnetworks: of("compute#subnetwork"),
    buckets: of("storage#bucket"),
  };
}

function generatedBodies(): Bodies {
  const { instances, disks, networks, subnetworks, buckets } = generateProject({
    projectId,
    seed: 4,
    resources: 60,
  });
  return { instances, disks, networks, subnetworks, buckets };
}
