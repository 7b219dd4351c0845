import type { SimulatedResource, SimulatedSubscription } from "./state.ts";

export interface GenerateOptions {
  /** The same seed gives the same subscription. */
  seed: number;
  /** How many resources. */
  resources: number;
  subscriptionId: string;
  tenantId: string;
  displayName: string;
  /** Client ids that may read it. */
  readers: string[];
}

/** Share of each type in a subscription, in the case in which Azure's own answers spell it, which varies. */
const typeShares: readonly [type: string, namePrefix: string, share: number][] = [
  ["Microsoft.Compute/virtualMachines", "vm", 20],
  ["Microsoft.Compute/disks", "disk", 22],
  ["Microsoft.Compute/snapshots", "snap", 4],
  ["Microsoft.Compute/virtualMachineScaleSets", "vmss", 2],
  ["Microsoft.Storage/storageAccounts", "st", 8],
  ["Microsoft.Network/networkInterfaces", "nic", 20],
  ["Microsoft.Network/publicIPAddresses", "pip", 6],
  ["Microsoft.Network/networkSecurityGroups", "nsg", 6],
  ["microsoft.network/virtualnetworks", "vnet", 4],
  ["Microsoft.Network/loadBalancers", "lb", 2],
  ["Microsoft.Network/privateEndpoints", "pe", 2],
  ["Microsoft.Web/sites", "app", 4],
];
const locations = [
  "westeurope",
  "westeurope",
  "northeurope",
  "eastus",
  "West US 2",
  "germanywestcentral",
];
const powerStates = [
  "running",
  "running",
  "running",
  "running",
  "deallocated",
  "stopped",
  "starting",
];

/** Makes a subscription of a plausible mixture: mixed case, some tags, some of it not inventory (web sites). */
export function generateSubscription(options: GenerateOptions): SimulatedSubscription {
  const random = seededRandom(options.seed);
  const resources = Array.from({ length: options.resources }, (_, index) =>
    generateResource(options.subscriptionId, index, random),
  );
  const { subscriptionId, tenantId, displayName, readers } = options;
  return {
    subscriptionId,
    tenantId,
    displayName,
    state: "Enabled",
    readers,
    unregistered: [],
    resources,
  };
}

function generateResource(
  subscriptionId: string,
  index: number,
  random: () => number,
): SimulatedResource {
  const [type, prefix] = pickType(random);
  const group = `rg-app-${Math.floor(random() * 20)}`;
  const shownGroup = random() < 0.3 ? group.toUpperCase() : group;
  const name = `${prefix}${String(index).padStart(5, "0")}`;
  const base = `/subscriptions/${subscriptionId}/resourceGroups/${shownGroup}/providers`;
  const resource: SimulatedResource = {
    id: `${base}/${type}/${name}`,
    name,
    type,
    location: pick(locations, random),
    ...(random() < 0.7 && { tags: { env: pick(["prod", "test", "dev"], random), Owner: group } }),
    properties: { provisioningState: "Succeeded" },
  };
  if (prefix === "vm") resource.powerState = pick(powerStates, random);
  if (prefix === "disk") resource.sku = { name: pick(["Premium_LRS", "Standard_LRS"], random) };
  if (prefix === "disk" && random() < 0.8)
    resource.managedBy = `${base}/Microsoft.Compute/virtualMachines/vm${name}`;
  return resource;
}

function pickType(random: () => number): readonly [string, string] {
  let left = random() * typeShares.reduce((sum, [, , share]) => sum + share, 0);
  for (const [type, prefix, share] of typeShares) {
    left -= share;
    if (left < 0) return [type, prefix];
  }
  return ["Microsoft.Compute/disks", "disk"];
}

function pick<T>(values: readonly [T, ...T[]] | T[], random: () => number): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new RangeError("Nothing to pick from");
  return value;
}

/** mulberry32: small, fast and good enough to vary data; not for secrets. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
