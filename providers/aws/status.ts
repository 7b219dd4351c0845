import type { ResourceStatus } from "../provider.ts";

const instanceStates: Record<string, ResourceStatus> = {
  pending: "pending",
  running: "running",
  stopping: "stopping",
  stopped: "stopped",
  "shutting-down": "deleting",
  terminated: "deleted",
};

const volumeStates: Record<string, ResourceStatus> = {
  creating: "creating",
  available: "available",
  "in-use": "in_use",
  deleting: "deleting",
  deleted: "deleted",
  error: "error",
};

const networkStates: Record<string, ResourceStatus> = {
  pending: "pending",
  available: "available",
  failed: "error",
  "failed-insufficient-capacity": "error",
  unavailable: "error",
};

/** State of an EC2 instance. Terminated ones stay listed for about an hour. */
export function instanceStatus(native: string | undefined): ResourceStatus {
  return instanceStates[native ?? ""] ?? "unknown";
}

/** State of an EBS volume. */
export function volumeStatus(native: string | undefined): ResourceStatus {
  return volumeStates[native ?? ""] ?? "unknown";
}

/** State of a VPC or subnet. */
export function networkStatus(native: string | undefined): ResourceStatus {
  return networkStates[native ?? ""] ?? "unknown";
}
