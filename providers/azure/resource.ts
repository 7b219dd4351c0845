import type { GenericResourceExpanded } from "@azure/arm-resources";
import type { DiscoveredResource } from "../provider.ts";
import { type KnownType, knownTypes } from "./resource-types.ts";
import { statusOf } from "./status.ts";

/** `PowerState/…` words by VM id in lower case. */
export type PowerStates = ReadonlyMap<string, string>;

/**
 * Maps one item of `resources.list` to our words; null when its type is no inventory or it has no id. Answers differ
 * in case from call to call, so ids, groups and locations are compared and stored in lower case.
 */
export function toDiscoveredResource(
  item: GenericResourceExpanded,
  powerStates: PowerStates,
): DiscoveredResource | null {
  const type = knownTypes.get(item.type?.toLowerCase() ?? "");
  if (type === undefined || item.id === undefined) return null;
  const resourceId = item.id.toLowerCase();
  const { status, nativeStatus } = statusOf(type.state, {
    power: powerStates.get(resourceId),
    provisioning: provisioningStateOf(item),
    managed: Boolean(item.managedBy),
  });
  return {
    resourceId,
    name: item.name ?? null,
    type: type.family,
    region: item.location ? toRegion(item.location) : null,
    status,
    metadata: metadataOf(item, item.id, type, nativeStatus),
  };
}

function metadataOf(
  item: GenericResourceExpanded,
  nativeId: string,
  { kind }: KnownType,
  nativeStatus: string | null,
): Record<string, unknown> {
  return {
    kind,
    native_status: nativeStatus,
    native_id: nativeId,
    tags: { ...item.tags },
    resource_group: /\/resourcegroups\/([^/]+)/.exec(nativeId.toLowerCase())?.[1] ?? null,
    sku: item.sku?.name ?? null,
    provisioning_state: provisioningStateOf(item) ?? null,
  };
}

/** Lists answer it beside the other fields when asked to; single reads inside `properties`. */
function provisioningStateOf(item: GenericResourceExpanded): string | undefined {
  const nested = item.properties?.["provisioningState"];
  return item.provisioningState ?? (typeof nested === "string" ? nested : undefined);
}

/** `West Europe` and `westeurope` are one region; this is its name in our words. */
export function toRegion(location: string): string {
  return location.toLowerCase().replaceAll(" ", "");
}
