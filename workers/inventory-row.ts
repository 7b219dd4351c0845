import { createHash } from "node:crypto";
import type { DiscoveredResource } from "../providers/provider.ts";
import { storableJson } from "../runtime/storable.ts";
import type { InventoryRow } from "../tables/resource-inventory.ts";

/** What a row says besides what the provider reported. */
export interface RowOrigin {
  userId: number;
  credentialId: number;
  provider: string;
  accountId: string;
  scopeId: number;
  syncedAt: Date;
}

/**
 * The row of a resource. Its hash covers everything that is written but the time, in an order that does not depend on
 * how the provider ordered its fields, and without the case of its own id: Azure's answers differ in it from call to call.
 */
export function toInventoryRow(resource: DiscoveredResource, origin: RowOrigin): InventoryRow {
  const { syncedAt, ...owner } = origin;
  const content = {
    ...owner,
    resourceId: resource.resourceId,
    resourceName: resource.name,
    resourceType: resource.type,
    region: resource.region,
    status: resource.status,
    metadata: sortFields(resource.metadata),
  };
  const json = JSON.stringify(content);
  const storable = storableJson(json);
  const written: typeof content = storable === json ? content : JSON.parse(storable);
  const nativeId = JSON.stringify(written.metadata["native_id"] ?? null);
  const compared = storable.replaceAll(nativeId, () => nativeId.toLowerCase());
  const contentHash = createHash("sha256").update(compared).digest("base64url");
  return { ...written, contentHash, lastSynced: syncedAt };
}

function sortFields(fields: object): Record<string, unknown> {
  const sorted: Record<string, unknown> = {};
  for (const name of Object.keys(fields).toSorted()) {
    const value = sort(Reflect.get(fields, name));
    // A tag may have this name too; assigning it would set the prototype.
    if (name === "__proto__") Object.defineProperty(sorted, name, { value, enumerable: true });
    else sorted[name] = value;
  }
  return sorted;
}

function sort(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sort);
  return value instanceof Date ? value.toISOString() : sortFields(value);
}
