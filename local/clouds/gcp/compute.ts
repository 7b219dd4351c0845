import type { Effect } from "../faults.ts";
import { type Answer, problem } from "./answer.ts";
import { cutPage, type PageQuery } from "./paging.ts";
import type { GcpProject, GcpResource } from "./state.ts";

/** The collections that we answer for, and the kinds of locations that their aggregated lists name. */
export const collections = {
  instances: ["zones"],
  disks: ["zones", "regions"],
  networks: ["global"],
  subnetworks: ["regions"],
} as const;
export type Collection = keyof typeof collections;

/** Regions with the letters of their zones. Aggregated lists name all of them, empty or not. */
const zonesOfRegion: Record<string, string> = {
  "asia-east1": "abc",
  "europe-west1": "bcd",
  "europe-west4": "abc",
  "us-central1": "abcf",
  "us-east1": "bcd",
};

/** Regions and their zones, as Compute names them in aggregated listings. */
export const locations: readonly string[] = Object.entries(zonesOfRegion).flatMap(
  ([region, letters]) => [
    `regions/${region}`,
    ...letters.split("").map((letter) => `zones/${region}-${letter}`),
  ],
);

export interface ListRequest {
  project: GcpProject;
  collection: Collection;
  query: PageQuery;
  effect: Effect | null;
}

/** Compute v1 `list` of resources without a location. */
export function list({ project, collection, query, effect }: ListRequest): Answer {
  const page = cutPage(project[collection], query, effect);
  if (page === null) return badToken;
  const { items, nextPageToken } = page;
  const body = { kind: `compute#${collection}List`, ...(items.length === 0 ? {} : { items }) };
  return { status: 200, body: { ...body, ...(nextPageToken && { nextPageToken }) } };
}

/** Compute v1 `aggregatedList`: every location is named; one without resources on this page carries a warning. */
export function aggregatedList(request: ListRequest, mayBePartial: boolean): Answer {
  const { project, collection, query, effect } = request;
  const unreachable = [...project.unreachable].filter((location) => isOf(collection, location));
  if (unreachable.length > 0 && !mayBePartial) {
    return problem(503, { message: "Some locations are unreachable", reason: "backendError" });
  }
  const reachable = project[collection].filter(
    (resource) => !project.unreachable.has(locationOf(resource)),
  );
  const page = cutPage(reachable, query, effect);
  if (page === null) return badToken;
  const items = scopedLists(request, page.items);
  const body = { kind: `compute#${collection}AggregatedList`, items };
  const unreachables = unreachable.map((at) => `projects/${project.projectId}/${at}`);
  return {
    status: 200,
    body: {
      ...body,
      ...(unreachables.length > 0 && { unreachables }),
      ...(page.nextPageToken && { nextPageToken: page.nextPageToken }),
    },
  };
}

function scopedLists(
  { project, collection }: ListRequest,
  resources: GcpResource[],
): Record<string, object> {
  const lists: Record<string, object> = {};
  for (const location of locations.filter((at) => isOf(collection, at))) {
    lists[location] = { warning: warning("NO_RESULTS_ON_PAGE", location) };
  }
  for (const [location, found] of groupByLocation(resources)) {
    lists[location] = { [collection]: found };
  }
  for (const location of project.unreachable) {
    if (isOf(collection, location)) lists[location] = { warning: warning("UNREACHABLE", location) };
  }
  return lists;
}

function groupByLocation(resources: GcpResource[]): Map<string, GcpResource[]> {
  const groups = new Map<string, GcpResource[]>();
  for (const resource of resources) {
    const location = locationOf(resource);
    groups.set(location, [...(groups.get(location) ?? []), resource]);
  }
  return groups;
}

function warning(code: string, location: string): object {
  const message = `Simulated ${code} for scope '${location}'.`;
  return { code, message, data: [{ key: "scope", value: location }] };
}

function isOf(collection: Collection, location: string): boolean {
  return collections[collection].some((kind) => location.startsWith(`${kind}/`));
}

/** `zones/…`, `regions/…` or `global`, as the self link says. */
function locationOf({ selfLink }: GcpResource): string {
  return /\/((?:zones|regions)\/[^/]+)\//.exec(selfLink)?.[1] ?? "global";
}

const badToken = problem(400, {
  message: "Invalid value for field 'pageToken'.",
  reason: "invalid",
});
