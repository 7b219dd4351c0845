import type { ResourceStatus } from "../provider.ts";
import type { StateModel } from "./resource-types.ts";

/** What Azure says about the state of one resource. */
export interface NativeState {
  /** Last part of the `PowerState/…` code, such as `deallocated`; undefined when it is not known. */
  power: string | undefined;
  provisioning: string | undefined;
  /** Whether another resource manages this one; Azure sets it on disks that a VM uses. */
  managed: boolean;
}

const powerStatuses: Readonly<Record<string, ResourceStatus>> = {
  starting: "pending",
  running: "running",
  stopping: "stopping",
  deallocating: "stopping",
  // Stopped VMs are still billed, deallocated ones are not; both start again, neither is gone.
  stopped: "stopped",
  deallocated: "stopped",
};

const provisioningStatuses: Readonly<Record<string, ResourceStatus>> = {
  creating: "creating",
  deleting: "deleting",
  failed: "error",
};

/** Our status and Azure's own word for it (null when it gave none). */
export function statusOf(
  model: StateModel,
  native: NativeState,
): { status: ResourceStatus; nativeStatus: string | null } {
  if (model === "power") return powerStatus(native);
  const provisioning = native.provisioning ?? null;
  const inTransition = provisioningStatuses[provisioning?.toLowerCase() ?? ""];
  return { status: inTransition ?? settledStatus(model, native), nativeStatus: provisioning };
}

function settledStatus(model: StateModel, native: NativeState): ResourceStatus {
  if (model === "none") return "active";
  if (model === "attachment" && native.managed) return "in_use";
  return "available";
}

/** A deletion or a failed deployment outweighs the power state, which may still read `running`. */
function powerStatus({ power, provisioning }: NativeState): {
  status: ResourceStatus;
  nativeStatus: string | null;
} {
  const word = provisioning?.toLowerCase();
  if (word === "deleting") return { status: "deleting", nativeStatus: provisioning ?? null };
  const status = powerStatuses[power?.toLowerCase() ?? ""];
  if (status !== undefined) return { status, nativeStatus: power ?? null };
  if (word === "creating") return { status: "pending", nativeStatus: provisioning ?? null };
  if (word === "failed") return { status: "error", nativeStatus: provisioning ?? null };
  return { status: "unknown", nativeStatus: power ?? null };
}
