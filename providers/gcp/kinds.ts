import { bucketKind } from "./kinds/bucket.ts";
import { diskKind } from "./kinds/disk.ts";
import { instanceKind } from "./kinds/instance.ts";
import type { GcpKind } from "./kinds/kind.ts";
import { networkKind } from "./kinds/network.ts";
import { subnetworkKind } from "./kinds/subnetwork.ts";

/** Everything we list in a project. A new kind is an entry in `kinds/` and a line here. */
export const gcpKinds: readonly GcpKind[] = [
  instanceKind,
  diskKind,
  bucketKind,
  networkKind,
  subnetworkKind,
];
