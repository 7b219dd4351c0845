import type { EntityManager } from "typeorm";
import { ProviderError } from "../providers/errors.ts";
import type { Page, Provider, UnreadRegion } from "../providers/provider.ts";
import {
  countLoss,
  type InventoryRow,
  strikeUnseen,
  touchSeen,
  writeResources,
} from "../tables/resource-inventory.ts";
import { recordScope, type ScopeEnding, type StoredScope } from "../tables/sync-scopes.ts";
import { compareWithInventory } from "../tables/sync-seen.ts";
import { toInventoryRow } from "./inventory-row.ts";
import { readAhead } from "./read-ahead.ts";
import { describeFailure, describeUnread, endsSync, isHeld } from "./scope-outcome.ts";

/** What the listings of one sync share. */
export interface SyncRun {
  runId: string;
  userId: number;
  credentialId: number;
  provider: Provider;
  /** Start of the run on the database's clock: the `last_synced` of everything it confirms. */
  startedAt: Date;
  /** Rows that were refreshed within so many seconds before are left alone when nothing else changed. */
  touchAfterSeconds: number;
  /** The provider only guessed its scopes: nothing may be taken for gone. */
  isAssumed: boolean;
  signal: AbortSignal;
  /** Stops all listings of this sync. */
  stop: (reason: unknown) => void;
  /** Runs effects in one fenced transaction on the connection that knows what was seen. */
  commit: <T>(work: (manager: EntityManager) => Promise<T>) => Promise<T>;
}

/** Rows that a listing changed, and those it confirmed. */
export interface RowCounts {
  created: number;
  updated: number;
  unchanged: number;
  missing: number;
  deleted: number;
}

/** How the listing of a scope ended. */
export interface ListedScopeResult extends ScopeEnding {
  rows: RowCounts;
  /** What to try again later, if trying again can help. */
  transient: ProviderError | UnreadRegion | null;
}

interface Progress {
  pages: number;
  resources: number;
  rows: RowCounts;
  unread: UnreadRegion[];
}

/**
 * Lists one scope, writes what differs and records how it ended. Trouble with the provider is a result; whatever else
 * fails is thrown, and so is the reason of an abort, after the scope was recorded as partial.
 */
export async function syncScope(run: SyncRun, scope: StoredScope): Promise<ListedScopeResult> {
  const rows = { created: 0, updated: 0, unchanged: 0, missing: 0, deleted: 0 };
  const progress: Progress = { pages: 0, resources: 0, rows, unread: [] };
  try {
    for await (const page of readAhead(run.provider.list(scope, { signal: run.signal }))) {
      run.signal.throwIfAborted();
      await writePage(run, scope, page, progress);
    }
    return await run.commit(async (manager) => {
      run.signal.throwIfAborted();
      return settleScope(manager, run, scope, progress);
    });
  } catch (error) {
    return recordFailure(run, scope, progress, error);
  }
}

async function writePage(
  run: SyncRun,
  scope: StoredScope,
  page: Page,
  progress: Progress,
): Promise<void> {
  progress.pages += 1;
  progress.unread.push(...(page.unread ?? []));
  if (page.resources.length === 0) return;
  const rows = uniqueRows(run, scope, page);
  await run.commit(async (manager) => {
    const entries = [...rows.values()].map(({ resourceId, contentHash, status }) => ({
      resourceId,
      contentHash: contentHash ?? "",
      isDeleted: status === "deleted",
    }));
    const owner = { ...run, provider: run.provider.name, ...scope, scopeId: scope.id };
    const { seen, changed } = await compareWithInventory(manager, owner, entries);
    const changedRows = changed.flatMap((resourceId) => rows.get(resourceId) ?? []);
    const written = await writeResources(manager, changedRows);
    const rewritten = changedRows.filter((row) => row.status !== "deleted").length;
    progress.resources += seen;
    progress.rows.created += written.created;
    progress.rows.updated += written.updated;
    progress.rows.unchanged += seen - rewritten;
  });
}

/** The page's rows by id; the first of two with one id counts, as it does across pages. */
function uniqueRows(run: SyncRun, scope: StoredScope, page: Page): Map<string, InventoryRow> {
  const { userId, credentialId, startedAt } = run;
  const { accountId } = scope;
  const provider = run.provider.name;
  const origin = { userId, credentialId, provider, accountId, scopeId: scope.id };
  const rows = page.resources.map((resource) =>
    toInventoryRow(resource, { ...origin, syncedAt: startedAt }),
  );
  return new Map(rows.toReversed().map((row) => [row.resourceId, row]));
}

/** After the last page: takes what is gone for gone, as far as that is proven, and refreshes what was seen. */
async function settleScope(
  manager: EntityManager,
  run: SyncRun,
  scope: StoredScope,
  progress: Progress,
): Promise<ListedScopeResult> {
  const { pages, resources, rows, unread } = progress;
  const listed = {
    userId: run.userId,
    scopeId: scope.id,
    unreadRegions: unread.map(({ region }) => region),
  };
  let ending: ScopeEnding = { outcome: "complete", pages, resources, code: null, message: null };
  if (!run.isAssumed) {
    const { present, lost, unseen } = await countLoss(manager, listed);
    const before = present - rows.created;
    if (!scope.wasHeld && isHeld(lost, before)) {
      const message = `the listing lacks ${lost} of ${before} resources; nothing is taken for gone until the next sync confirms it`;
      ending = { ...ending, outcome: "held", code: "TOO_MANY_MISSING", message };
    } else if (unseen > 0) {
      Object.assign(rows, await strikeUnseen(manager, listed, run.runId));
    }
  }
  const unreadEnding = describeUnread(unread);
  if (unreadEnding && ending.outcome === "complete") ending = { ...ending, ...unreadEnding };
  const olderThan = new Date(run.startedAt.getTime() - run.touchAfterSeconds * 1_000);
  await touchSeen(manager, listed, run.startedAt, olderThan);
  await recordScope(manager, listed, ending);
  const transient = unread.find(({ reason }) => reason !== "denied") ?? null;
  return { ...ending, rows, transient };
}

async function recordFailure(
  run: SyncRun,
  scope: StoredScope,
  progress: Progress,
  error: unknown,
): Promise<ListedScopeResult> {
  const wasStopped = run.signal.aborted;
  const reason: unknown = wasStopped ? run.signal.reason : error;
  if (!wasStopped && !(reason instanceof ProviderError)) throw error;
  if (endsSync(reason)) run.stop(reason);
  const { pages, resources, rows } = progress;
  const ending = { ...describeFailure(reason, wasStopped), pages, resources };
  const where = { userId: run.userId, scopeId: scope.id };
  await run.commit(async (manager) => recordScope(manager, where, ending));
  if (!(reason instanceof ProviderError) || run.signal.aborted) throw reason;
  return { ...ending, rows, transient: reason.isTransient ? reason : null };
}
