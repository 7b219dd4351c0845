import type { DiscoveredResource, UnreadRegion } from "../../provider.ts";
import type { GcpConnection } from "../connection.ts";

/** Which page of which project. */
export interface PageRequest {
  projectId: string;
  /** Token of the page; null for the first. */
  cursor: string | null;
  signal: AbortSignal;
}

/** One page as Google gave it, in our words. */
export interface KindPage {
  resources: DiscoveredResource[];
  /** Token of the next page; null on the last. A page without resources may well have one. */
  next: string | null;
  unread: UnreadRegion[];
}

/** One kind of resource that we list: the entry of the registry (kinds.ts). */
export interface GcpKind {
  /** `Scope.kind`, such as `compute:disk`. */
  name: string;
  /** Google's method, such as `compute:disks.aggregatedList`; also `ProviderError.operation`. */
  operation: string;
  /** Whether the resources lie in regions, so that `settings.regions` can narrow them. */
  isRegional: boolean;
  /** Reads one page. Throws ProviderError, or `signal.reason` when aborted. */
  read(connection: GcpConnection, request: PageRequest): Promise<KindPage>;
}
