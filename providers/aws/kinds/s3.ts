import { defineKind } from "../kind.ts";

/** The default and maximum are 10,000 buckets; smaller pages keep memory even. */
const MaxBuckets = 1_000;

/**
 * Asking for a page size makes S3 name each bucket's region in the same answer. Tags of a bucket would be one call
 * each and are not read.
 */
export const buckets = defineKind({
  kind: "s3:bucket",
  type: "storage",
  isGlobal: true,
  operation: "s3:ListBuckets",
  client: (clients, region) => clients.s3(region),
  call: (s3, ContinuationToken, options) =>
    s3.listBuckets({ MaxBuckets, ContinuationToken }, options),
  items: (answer) => answer.Buckets,
  next: (answer) => answer.ContinuationToken,
  facts: (item, place) => ({
    nativeId: item.Name,
    arn: (name) => `arn:${place.partition}:s3:::${name}`,
    name: item.Name,
    region: item.BucketRegion ?? null,
    status: "active",
    details: { created_at: item.CreationDate?.toISOString() },
  }),
});
