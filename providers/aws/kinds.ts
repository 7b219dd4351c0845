import type { AwsKind } from "./kind.ts";
import { instances, subnets, volumes, vpcs } from "./kinds/ec2.ts";
import { buckets } from "./kinds/s3.ts";

/** Every kind of AWS resource that is listed. A new kind is an entry in `kinds/` and its name here. */
export const awsKinds: readonly AwsKind[] = [instances, volumes, buckets, vpcs, subnets];

/** The kind with this name, if it is one of ours. */
export function findKind(name: string): AwsKind | undefined {
  return awsKinds.find((kind) => kind.kind === name);
}
