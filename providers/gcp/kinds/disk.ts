import type { google } from "@google-cloud/compute/build/protos/protos.js";
import type { ResourceStatus } from "../../provider.ts";
import { computeKind } from "./compute-kind.ts";
import { lastSegment } from "./paths.ts";

type Disk = google.cloud.compute.v1.IDisk;

const statuses: Record<string, ResourceStatus> = {
  CREATING: "creating",
  RESTORING: "creating",
  READY: "available",
  DELETING: "deleting",
  FAILED: "error",
  UNAVAILABLE: "error",
};

/** Persistent disks, zonal and regional. */
export const diskKind = computeKind<Disk>({
  name: "compute:disk",
  type: "storage",
  load: async () =>
    (await import("@google-cloud/compute/build/src/v1/disks_client.js")).DisksClient,
  collection: "disks",
  method: "aggregatedList",
  nativeStatus: (disk) => disk.status ?? null,
  status: (disk) => {
    const status = statuses[disk.status ?? ""] ?? "unknown";
    return status === "available" && disk.users?.length ? "in_use" : status;
  },
  metadata: (disk) => ({
    size_gb: disk.sizeGb === null || disk.sizeGb === undefined ? null : Number(disk.sizeGb),
    disk_type: lastSegment(disk.type),
    source_image: lastSegment(disk.sourceImage),
    replica_zones: (disk.replicaZones ?? []).map(lastSegment),
    users: (disk.users ?? []).map(lastSegment),
  }),
});
