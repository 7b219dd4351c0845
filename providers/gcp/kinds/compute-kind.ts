import type { DiscoveredResource, ResourceStatus, ResourceType } from "../../provider.ts";
import { callGoogle } from "../call.ts";
import type { ComputeClientClass, GcpConnection } from "../connection.ts";
import { googleError } from "../errors.ts";
import { type RawComputePage, readComputePage } from "./compute-page.ts";
import type { GcpKind, PageRequest } from "./kind.ts";
import { lastSegment, pathOfSelfLink, regionOfZone } from "./paths.ts";

/** What every resource of Compute has, as the client decodes it from JSON: 64-bit numbers are strings. */
export interface ComputeItem {
  id?: { toString(): string } | string | number | null;
  name?: string | null;
  selfLink?: string | null;
  zone?: string | null;
  region?: string | null;
  creationTimestamp?: string | null;
  labels?: Record<string, string> | null;
}

/** An entry: what is particular to one kind of Compute resource. */
export interface ComputeEntry<Item extends ComputeItem> {
  name: string;
  type: ResourceType;
  /** Imports the single client; the package as a whole takes half as long again. */
  load: () => Promise<ComputeClientClass>;
  /** Name of the resources in Google's paths and answers, such as `disks`. */
  collection: string;
  /** `aggregatedList` answers for every zone and region, `list` is for resources that lie in none. */
  method: "aggregatedList" | "list";
  /** The state in Google's word, if this kind has one. */
  nativeStatus: (item: Item) => string | null;
  status: (item: Item) => ResourceStatus;
  /** Chosen fields beside those that every kind has. */
  metadata: (item: Item) => Record<string, unknown>;
}

/** Compute's largest page. */
const pageSize = 500;

/** Makes a kind of an entry. */
export function computeKind<Item extends ComputeItem>(entry: ComputeEntry<Item>): GcpKind {
  const operation = `compute:${entry.collection}.${entry.method}`;
  return {
    name: entry.name,
    operation,
    isRegional: entry.method === "aggregatedList",
    read: async (connection, request) => {
      const page = await fetchPage(entry, operation, connection, request);
      const { items, ...rest } = readComputePage(page, entry.collection, operation);
      const { projectId } = request;
      return { ...rest, resources: items.map((item) => toResource(entry, item, projectId)) };
    },
  };
}

/** One page by hand: the iterators that follow tokens drop the warnings that say what was not read. */
async function fetchPage<Item extends ComputeItem>(
  entry: ComputeEntry<Item>,
  operation: string,
  connection: GcpConnection,
  { projectId, cursor, signal }: PageRequest,
): Promise<RawComputePage<Item>> {
  const client = await connection.computeClient(entry.load);
  await client.initialize();
  const request = {
    project: projectId,
    maxResults: pageSize,
    returnPartialSuccess: true,
    ...(cursor === null ? {} : { pageToken: cursor }),
  };
  const list = (): Promise<[resources: unknown, next: unknown, page: RawComputePage<Item>]> =>
    client.innerApiCalls[entry.method]?.(request, { autoPaginate: false, retry: null });
  const [, , page] = await callGoogle(list, { operation, signal, limits: connection.limits });
  return page;
}

function toResource<Item extends ComputeItem>(
  entry: ComputeEntry<Item>,
  item: Item,
  projectId: string,
): DiscoveredResource {
  const zone = lastSegment(item.zone);
  const id = pathOf(entry, item, projectId);
  return {
    resourceId: id,
    name: item.name ?? null,
    type: entry.type,
    region: zone === null ? lastSegment(item.region) : regionOfZone(zone),
    status: entry.status(item),
    metadata: {
      kind: entry.name,
      native_status: entry.nativeStatus(item),
      native_id: String(item.id ?? id),
      tags: item.labels ?? {},
      zone,
      created_at: item.creationTimestamp ?? null,
      ...entry.metadata(item),
    },
  };
}

/**
 * The path of an item, put together where an answer has no link to it. Throws `PROVIDER_UNAVAILABLE` for an item without
 * a name: leaving it out would make it look deleted.
 */
function pathOf<Item extends ComputeItem>(
  { collection, method }: ComputeEntry<Item>,
  { selfLink, name, zone, region }: Item,
  projectId: string,
): string {
  if (selfLink) return pathOfSelfLink(selfLink);
  if (!name) {
    const operation = `compute:${collection}.${method}`;
    throw googleError("PROVIDER_UNAVAILABLE", operation, { nativeCode: "item without a name" });
  }
  const place = zone
    ? `zones/${lastSegment(zone)}`
    : region
      ? `regions/${lastSegment(region)}`
      : "global";
  return `projects/${projectId}/${place}/${collection}/${name}`;
}
