import type { BucketMetadata } from "@google-cloud/storage";
import type { DiscoveredResource } from "../../provider.ts";
import { callGoogle } from "../call.ts";
import { isRecord, textOf } from "../json.ts";
import type { GcpKind } from "./kind.ts";

const name = "storage:bucket";
const operation = "storage:buckets.list";
/** Cloud Storage's largest page. */
const pageSize = 1000;

/**
 * Buckets, by the JSON API. Their region may be a multi-region (`eu`) or a pair (`eur4`). `returnPartialSuccess` is left
 * off: it would name unreachable buckets without their location, and the scope could not be judged.
 */
export const bucketKind: GcpKind = {
  name,
  operation,
  isRegional: true,
  read: async (connection, { projectId, cursor, signal }) => {
    const storage = await connection.storage();
    const query = {
      project: projectId,
      maxResults: pageSize,
      autoPaginate: false,
      ...(cursor === null ? {} : { pageToken: cursor }),
    };
    const { limits } = connection;
    const [buckets, next] = await callGoogle(() => storage.getBuckets(query), {
      operation,
      signal,
      limits,
    });
    return {
      resources: buckets.map((bucket) => toResource(bucket.metadata)),
      next: isRecord(next) ? textOf(next["pageToken"]) : null,
      unread: [],
    };
  },
};

/** The id is the name in Google's resource-name form, where `_` stands for the project: bucket names are unique in the world. */
function toResource(bucket: BucketMetadata): DiscoveredResource {
  return {
    resourceId: `projects/_/buckets/${bucket.name}`,
    name: bucket.name ?? null,
    type: "storage",
    region: bucket.location?.toLowerCase() ?? null,
    status: "active",
    metadata: {
      kind: name,
      native_status: null,
      native_id: bucket.id ?? bucket.name ?? null,
      tags: bucket.labels ?? {},
      location_type: bucket.locationType ?? null,
      storage_class: bucket.storageClass ?? null,
      versioning: bucket.versioning?.enabled ?? false,
      public_access_prevention: bucket.iamConfiguration?.publicAccessPrevention ?? null,
      uniform_access: bucket.iamConfiguration?.uniformBucketLevelAccess?.enabled ?? false,
      created_at: bucket.timeCreated ?? null,
    },
  };
}
