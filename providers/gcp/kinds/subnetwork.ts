import type { google } from "@google-cloud/compute/build/protos/protos.js";
import { computeKind } from "./compute-kind.ts";
import { lastSegment } from "./paths.ts";

type Subnetwork = google.cloud.compute.v1.ISubnetwork;

/** Subnetworks. Only some have a state; DRAINING is a proxy subnetwork that hands its load to another. */
export const subnetworkKind = computeKind<Subnetwork>({
  name: "compute:subnetwork",
  type: "network",
  load: async () =>
    (await import("@google-cloud/compute/build/src/v1/subnetworks_client.js")).SubnetworksClient,
  collection: "subnetworks",
  method: "aggregatedList",
  nativeStatus: (subnetwork) => subnetwork.state ?? null,
  status: (subnetwork) => (subnetwork.state === "DRAINING" ? "pending" : "available"),
  metadata: (subnetwork) => ({
    network: lastSegment(subnetwork.network),
    ip_cidr_range: subnetwork.ipCidrRange ?? null,
    secondary_ranges: (subnetwork.secondaryIpRanges ?? []).map((range) => ({
      name: range.rangeName ?? null,
      ip_cidr_range: range.ipCidrRange ?? null,
    })),
    purpose: subnetwork.purpose ?? null,
    stack_type: subnetwork.stackType ?? null,
    private_google_access: subnetwork.privateIpGoogleAccess ?? null,
  }),
});
