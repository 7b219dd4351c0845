import { ProviderError } from "../errors.ts";
import type { Discovery, Scope } from "../provider.ts";
import type { GcpConnection } from "./connection.ts";
import { googleError } from "./errors.ts";
import type { GcpKind } from "./kinds/kind.ts";
import { gcpKinds } from "./kinds.ts";
import { getProject, getProjectOperation } from "./project.ts";

export interface DiscoverOptions {
  /** The credential's own project: who we are. */
  projectId: string;
  /** Further projects to list. */
  furtherProjects: string[];
  /** Only these regions; all if none are named. */
  regions: string[] | undefined;
  signal: AbortSignal;
}

/**
 * Finds the project's identity and what can be listed. Throws ProviderError when the own project cannot be read or is
 * being deleted. Of the further projects those being deleted are left out.
 */
export async function discover(
  connection: GcpConnection,
  options: DiscoverOptions,
): Promise<Discovery> {
  const own = await getProject(connection, options.projectId, options);
  if (own.state !== "ACTIVE") {
    throw googleError("ACCOUNT_UNUSABLE", getProjectOperation, { nativeCode: own.state });
  }
  const accounts = new Set([own.identity.accountId]);
  for (const projectId of options.furtherProjects) {
    const accountId = await accountOf(connection, projectId, options.signal);
    if (accountId !== null) accounts.add(accountId);
  }
  const scopes = [...accounts].flatMap((accountId) => scopesOf(accountId, options.regions));
  return { identity: own.identity, scopes, assumed: false };
}

/**
 * The id of a further project (settings may give its number); null while it is being deleted. One that we may not see is
 * listed all the same: the right to read the project is apart from the rights to read what is in it, and if those lack
 * too, its scopes end as denied where the user sees it. Leaving it out would be silent.
 */
async function accountOf(
  connection: GcpConnection,
  projectId: string,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const { identity, state } = await getProject(connection, projectId, { signal });
    return state === "ACTIVE" ? identity.accountId : null;
  } catch (error) {
    const isHidden =
      error instanceof ProviderError &&
      (error.code === "PERMISSION_DENIED" || error.code === "NOT_FOUND");
    if (isHidden) return projectId;
    throw error;
  }
}

/**
 * One scope a kind where all regions are wanted: one listing answers for them all. Narrowed to some regions each gets
 * its own scope: a `global` scope that leaves resources out would let those in the other regions be taken for gone.
 */
function scopesOf(accountId: string, regions: string[] | undefined): Scope[] {
  return gcpKinds.flatMap((kind) =>
    regionsOf(kind, regions).map((region) => ({ accountId, region, kind: kind.name })),
  );
}

function regionsOf(kind: GcpKind, regions: string[] = []): string[] {
  return kind.isRegional && regions.length > 0 ? [...new Set(regions)] : ["global"];
}
