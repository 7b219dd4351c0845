import { locations } from "./compute.ts";
import { emptyProject, type GcpProject, type GcpResource } from "./state.ts";

export interface GenerateOptions {
  projectId: string;
  /** Same seed, same project. */
  seed: number;
  /** How many resources in all. */
  resources: number;
}

/** Number in [0, 1). */
type Random = () => number;

const zones = locations.filter((location) => location.startsWith("zones/"));
const regions = locations.filter((location) => location.startsWith("regions/"));
const bucketLocations = ["EU", "US", "EUR4", "EUROPE-WEST1", "US-EAST1", "ASIA-EAST1"];
const machineTypes = ["e2-micro", "e2-standard-4", "n2-standard-8", "c3-highcpu-22"];
const instanceStatuses = ["RUNNING", "RUNNING", "RUNNING", "TERMINATED", "STOPPING", "SUSPENDED"];
const created = "2024-04-01T12:34:56.123-07:00";

/** Makes a project whose resources are spread over locations, states and labels. */
export function generateProject({ projectId, seed, resources }: GenerateOptions): GcpProject {
  const random = randomOf(seed);
  const share = (part: number): number => Math.floor(resources * part);
  const counts = { networks: share(0.05), subnetworks: share(0.15), disks: share(0.3) };
  const buckets = share(0.1);
  const instances = resources - counts.networks - counts.subnetworks - counts.disks - buckets;
  return {
    ...emptyProject(projectId),
    projectNumber: String(100_000_000_000 + seed),
    instances: times(instances, (n) => instance(projectId, n, random)),
    disks: times(counts.disks, (n) => disk(projectId, n, random)),
    networks: times(counts.networks, (n) => network(projectId, n)),
    subnetworks: times(counts.subnetworks, (n) => subnetwork(projectId, n, random)),
    buckets: times(buckets, (n) => bucket(projectId, n, random)),
  };
}

/** A VM like those of the generator, for tests that add one. Its instance metadata holds what must never be stored. */
function instance(projectId: string, n: number, random: Random): GcpResource {
  const zone = pick(zones, random);
  return {
    ...computeBody(projectId, zone, "instances", `vm-${n}`, 1),
    kind: "compute#instance",
    status: pick(instanceStatuses, random),
    machineType: link(projectId, `${zone}/machineTypes/${pick(machineTypes, random)}`),
    zone: link(projectId, zone),
    labels: { env: pick(["prod", "test", "naïve-ünï"], random), n: String(n) },
    tags: { items: ["web", "ssh"], fingerprint: "abcdef0123A=" },
    metadata: { items: [{ key: "startup-script", value: "echo not-to-be-stored" }] },
    networkInterfaces: [
      {
        network: link(projectId, "global/networks/net-0"),
        networkIP: `10.0.${Math.floor(n / 250) % 250}.${n % 250}`,
        accessConfigs: [{ natIP: "203.0.113.7", type: "ONE_TO_ONE_NAT" }],
      },
    ],
    disks: [{ source: link(projectId, `${zone}/disks/disk-${n}`), boot: true }],
    scheduling: { provisioningModel: pick(["STANDARD", "SPOT"], random) },
  };
}

function disk(projectId: string, n: number, random: Random): GcpResource {
  const zone = pick(zones, random);
  const isUsed = random() < 0.7;
  return {
    ...computeBody(projectId, zone, "disks", `disk-${n}`, 2),
    kind: "compute#disk",
    status: "READY",
    zone: link(projectId, zone),
    sizeGb: String(10 + n),
    type: link(projectId, `${zone}/diskTypes/pd-ssd`),
    labels: { n: String(n) },
    ...(isUsed && { users: [link(projectId, `${zone}/instances/vm-${n}`)] }),
  };
}

function network(projectId: string, n: number): GcpResource {
  return {
    ...computeBody(projectId, "global", "networks", `net-${n}`, 3),
    kind: "compute#network",
    autoCreateSubnetworks: n % 2 === 0,
    mtu: 1460,
    routingConfig: { routingMode: "REGIONAL" },
  };
}

function subnetwork(projectId: string, n: number, random: Random): GcpResource {
  const region = pick(regions, random);
  return {
    ...computeBody(projectId, region, "subnetworks", `subnet-${n}`, 4),
    kind: "compute#subnetwork",
    region: link(projectId, region),
    network: link(projectId, "global/networks/net-0"),
    ipCidrRange: `10.${n % 250}.0.0/20`,
    purpose: "PRIVATE",
    stackType: "IPV4_ONLY",
    ...(n % 3 === 0 && { state: "READY" }),
  };
}

function bucket(projectId: string, n: number, random: Random): GcpResource {
  const name = `${projectId}-bucket-${n}`;
  return {
    kind: "storage#bucket",
    id: name,
    name,
    selfLink: `https://www.googleapis.com/storage/v1/b/${name}`,
    location: pick(bucketLocations, random),
    locationType: "region",
    storageClass: "STANDARD",
    timeCreated: created,
    labels: { n: String(n) },
  };
}

function computeBody(
  projectId: string,
  location: string,
  collection: string,
  name: string,
  family: number,
): GcpResource {
  const n = Number(name.slice(name.lastIndexOf("-") + 1));
  return {
    // Larger than a double holds exactly, as Google's ids are.
    id: `${family}${String(n).padStart(18, "0")}`,
    name,
    selfLink: link(projectId, `${location}/${collection}/${name}`),
    creationTimestamp: created,
  };
}

function link(projectId: string, path: string): string {
  return `https://www.googleapis.com/compute/v1/projects/${projectId}/${path}`;
}

function times<Item>(count: number, make: (n: number) => Item): Item[] {
  return Array.from({ length: count }, (_, n) => make(n));
}

function pick<Item>(items: readonly Item[], random: Random): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError("nothing to pick from");
  return item;
}

/** mulberry32: small, and the same on every machine. */
function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
