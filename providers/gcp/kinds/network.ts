import type { google } from "@google-cloud/compute/build/protos/protos.js";
import { computeKind } from "./compute-kind.ts";
import { lastSegment } from "./paths.ts";

type Network = google.cloud.compute.v1.INetwork;

/** VPC networks. They are global and have no state. */
export const networkKind = computeKind<Network>({
  name: "compute:network",
  type: "network",
  load: async () =>
    (await import("@google-cloud/compute/build/src/v1/networks_client.js")).NetworksClient,
  collection: "networks",
  method: "list",
  nativeStatus: () => null,
  status: () => "available",
  metadata: (network) => ({
    auto_create_subnetworks: network.autoCreateSubnetworks ?? null,
    routing_mode: network.routingConfig?.routingMode ?? null,
    mtu: network.mtu ?? null,
    // Older "legacy" networks have one range and no subnetworks.
    ipv4_range: network.IPv4Range ?? null,
    peerings: (network.peerings ?? []).map((peering) => ({
      name: peering.name ?? null,
      state: peering.state ?? null,
      network: lastSegment(peering.network),
    })),
  }),
});
