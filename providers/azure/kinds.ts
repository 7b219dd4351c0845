import type { ListOptions, Page, Scope } from "../provider.ts";
import { listResources } from "./list-resources.ts";
import type { AzureSession } from "./session.ts";

/** One listing that makes a scope: its name in `Scope.kind` and how its pages are read. */
export interface AzureKind {
  kind: string;
  list(session: AzureSession, scope: Scope, options: ListOptions): AsyncIterable<Page>;
}

/** Everything that can be listed; each entry becomes one scope a region, or one for all regions. */
export const azureKinds: readonly AzureKind[] = [{ kind: "arm:resource", list: listResources }];
