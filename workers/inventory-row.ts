import { createHash } from "node:crypto";
import type { DiscoveredResource } from "../providers/provider.ts";
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
 * how the provider ordered its fields.
 */
export function toInventoryRow(resource: DiscoveredResource, origin: RowOrigin): InventoryRow {
  const { syncedAt, ...owner } = origin;
  const content = {
    ...owner,
    resourceId: storableText(resource.resourceId),
    resourceName: resource.name === null ? null : storableText(resource.name),
    resourceType: resource.type,
    region: resource.region,
    status: resource.status,
    metadata: storableFields(resource.metadata),
  };
  const contentHash = createHash("sha256").update(JSON.stringify(content)).digest("base64url");
  return { ...content, contentHash, lastSynced: syncedAt };
}

/** PostgreSQL stores neither NUL nor half a surrogate pair; clouds and their users produce both. */
const notStorable = /[\0\p{Surrogate}]/gu;

function storableText(text: string): string {
  return text.replace(notStorable, "\u{FFFD}");
}

function storableFields(fields: object): Record<string, unknown> {
  const sorted = Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    sorted.map(([name, value]: [string, unknown]) => [storableText(name), storable(value)]),
  );
}

function storable(value: unknown): unknown {
  if (typeof value === "string") return storableText(value);
  if (Array.isArray(value)) return value.map(storable);
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" && value !== null ? storableFields(value) : value;
}
