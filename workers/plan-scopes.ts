import type { Discovery, Scope } from "../providers/provider.ts";
import type { SyncPayload } from "../queues/sync.ts";
import {
  addScopes,
  findScopes,
  type ScopeName,
  type StoredScope,
  skipScopes,
} from "../tables/sync-scopes.ts";
import { GiveUpError } from "./errors.ts";
import type { SyncRun } from "./sync-scope.ts";

/** What a sync has to do about each scope of its credential. */
export interface ScopePlan {
  toList: StoredScope[];
  /** Listed to the end by an earlier attempt of the same job. */
  done: StoredScope[];
  /** How many scopes the account no longer offers. */
  skipped: number;
}

/**
 * Compares what was discovered with what is stored, narrowed to what the job asks for. Throws GiveUpError UNKNOWN_KIND
 * or UNKNOWN_REGION if it asks for something that neither has.
 */
export async function planScopes(
  run: SyncRun,
  discovery: Discovery,
  payload: SyncPayload,
): Promise<ScopePlan> {
  const known = await run.commit(async (manager) => findScopes(manager, run, run.runId));
  checkNames("kind", payload.kinds, [...discovery.scopes, ...known]);
  checkNames("region", payload.regions, [...discovery.scopes, ...known]);
  const isWanted = ({ region, kind }: ScopeName): boolean =>
    (payload.regions?.includes(region) ?? true) && (payload.kinds?.includes(kind) ?? true);

  const wanted = discovery.scopes.filter(isWanted);
  return run.commit(async (manager) => {
    await addScopes(manager, run, wanted);
    const stored = await findScopes(manager, run, run.runId);
    const byKey = new Map(stored.map((scope) => [keyOf(scope), scope]));
    const offered = [...new Set(wanted.map(keyOf))].flatMap((key) => byKey.get(key) ?? []);
    // An assumed list of regions proves nothing about those that are not on it.
    const gone = discovery.assumed
      ? []
      : stored.filter((scope) => isWanted(scope) && !offered.includes(scope));
    await skipScopes(
      manager,
      run.userId,
      gone.map(({ id }) => id),
    );
    return {
      toList: offered.filter(({ isDone }) => !isDone),
      done: offered.filter(({ isDone }) => isDone),
      skipped: gone.length,
    };
  });
}

function keyOf({ accountId, region, kind }: Scope): string {
  return JSON.stringify([accountId, region, kind]);
}

function checkNames(
  field: "kind" | "region",
  wanted: string[] | undefined,
  scopes: ScopeName[],
): void {
  const known = new Set(scopes.map((scope) => scope[field]));
  const unknown = wanted?.find((name) => !known.has(name));
  if (unknown === undefined) return;
  const problem = `the account has no ${field} ${JSON.stringify(unknown)}; it has ${[...known].toSorted().join(", ")}`;
  throw new GiveUpError(`UNKNOWN_${field.toUpperCase()}`, problem, `/${field}s`);
}
