import type { google } from "@google-cloud/compute/build/protos/protos.js";
import type { ResourceStatus } from "../../provider.ts";
import { computeKind } from "./compute-kind.ts";
import { lastSegment } from "./paths.ts";

type Instance = google.cloud.compute.v1.IInstance;
type NetworkInterface = google.cloud.compute.v1.INetworkInterface;

/** TERMINATED is a stopped VM that can be started again, not a deleted one (compute.proto: "has stopped"). */
const statuses: Record<string, ResourceStatus> = {
  PENDING: "pending",
  PROVISIONING: "pending",
  STAGING: "pending",
  RUNNING: "running",
  PENDING_STOP: "stopping",
  STOPPING: "stopping",
  SUSPENDING: "stopping",
  STOPPED: "stopped",
  SUSPENDED: "stopped",
  TERMINATED: "stopped",
  DEPROVISIONING: "deleting",
  REPAIRING: "error",
};

/** VMs. Instance metadata (startup scripts, keys) and service accounts stay out. */
export const instanceKind = computeKind<Instance>({
  name: "compute:instance",
  type: "vm",
  load: async () =>
    (await import("@google-cloud/compute/build/src/v1/instances_client.js")).InstancesClient,
  collection: "instances",
  method: "aggregatedList",
  nativeStatus: (instance) => instance.status ?? null,
  status: (instance) => statuses[instance.status ?? ""] ?? "unknown",
  metadata: (instance) => ({
    machine_type: lastSegment(instance.machineType),
    cpu_platform: instance.cpuPlatform ?? null,
    network_tags: instance.tags?.items ?? [],
    network_interfaces: (instance.networkInterfaces ?? []).map(describeInterface),
    disks: (instance.disks ?? []).map((disk) => lastSegment(disk.source)).filter(Boolean),
    provisioning_model: instance.scheduling?.provisioningModel ?? null,
    deletion_protection: instance.deletionProtection ?? false,
  }),
});

function describeInterface(network: NetworkInterface): Record<string, unknown> {
  return {
    network: lastSegment(network.network),
    subnetwork: lastSegment(network.subnetwork),
    internal_ip: network.networkIP ?? null,
    external_ips: (network.accessConfigs ?? []).map((access) => access.natIP).filter(Boolean),
  };
}
