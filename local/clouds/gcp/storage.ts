import type { Effect } from "../faults.ts";
import { type Answer, problem } from "./answer.ts";
import { cutPage, type PageQuery } from "./paging.ts";
import type { GcpProject } from "./state.ts";

/** Cloud Storage JSON v1 `buckets.list`. */
export function listBuckets(project: GcpProject, query: PageQuery, effect: Effect | null): Answer {
  const page = cutPage(project.buckets, query, effect);
  if (page === null) return problem(400, { message: "Invalid argument.", reason: "invalid" });
  const { items, nextPageToken } = page;
  return {
    status: 200,
    body: {
      kind: "storage#buckets",
      ...(items.length > 0 && { items }),
      ...(nextPageToken && { nextPageToken }),
    },
  };
}
