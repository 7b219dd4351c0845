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
import { compareWithInventory, forgetSeen, recallSeen } from "../tables/sync-seen.ts";
import { adoptRows, type Spelling } from "../tables/unclaimed-resources.ts";
import { toInventoryRow } from "./inventory-row.ts";
import { readAhead } from "./read-ahead.ts";
import { describeFailure, describeUnread, endsSync, isHeld } from "./scope-outcome.ts";

/** What the listings of one sync share. */
export interface SyncRun {
  runId: string;
  userId: number;
  credentialId: number;
  provider: Provider;
  /** Start of the run on the database's clock: when the listings that it begins began. */
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
  /** It got further than any attempt of the job before. */
  hasAdvanced: boolean;
}

/** How far the listing of a scope is, earlier attempts of the job included. */
interface Listing {
  /** Its start on the database's clock: the `last_synced` of everything it confirms. */
  since: Date;
  /** Where it goes on after what is written. */
  cursor: string | null;
  pages: number;
  resources: number;
  unread: UnreadRegion[];
  /** Of this attempt. */
  rows: RowCounts;
}

/**
 * Lists one scope, or the rest of it, writes what differs and records how it ended. Trouble with the provider is a
 * result; whatever else fails is thrown, and so is the reason of an abort, after the scope was recorded as partial.
 */
export async function syncScope(run: SyncRun, scope: StoredScope): Promise<ListedScopeResult> {
  const { signal } = run;
  const listing = await beginListing(run, scope);
  const options = listing.cursor === null ? { signal } : { signal, cursor: listing.cursor };
  try {
    for await (const page of readAhead(run.provider.list(scope, options))) {
      signal.throwIfAborted();
      await writePage(run, scope, page, listing);
    }
    return await run.commit(async (manager) => {
      signal.throwIfAborted();
      return settleScope(manager, run, scope, listing);
    });
  } catch (error) {
    if (!isCursorRefused(error, scope, listing)) return recordFailure(run, scope, listing, error);
    await run.commit(async (manager) => forgetSeen(manager, scope.id));
    return syncScope(run, { ...scope, cursor: null });
  }
}

/** Goes on where an earlier attempt of the job stopped: what that has confirmed still counts. */
async function beginListing(run: SyncRun, scope: StoredScope): Promise<Listing> {
  const rows = { created: 0, updated: 0, unchanged: 0, missing: 0, deleted: 0 };
  const { cursor, cursorSince: since, pages } = scope;
  if (cursor === null || since === null) {
    return { since: run.startedAt, cursor: null, pages: 0, resources: 0, unread: [], rows };
  }
  const where = { userId: run.userId, scopeId: scope.id };
  const resources = await run.commit(async (manager) => recallSeen(manager, where, since));
  return { since, cursor, pages, resources, unread: [], rows };
}

/** Page tokens expire, and no provider says so by a code of its own: a first page that is refused begins anew. */
function isCursorRefused(error: unknown, scope: StoredScope, listing: Listing): boolean {
  const isFirst = scope.cursor !== null && listing.pages === scope.pages;
  return isFirst && error instanceof ProviderError && error.code === "INVALID_REQUEST";
}

async function writePage(
  run: SyncRun,
  scope: StoredScope,
  page: Page,
  listing: Listing,
): Promise<void> {
  const rows = uniqueRows(run, scope, page, listing.since);
  if (rows.size > 0)
    await run.commit(async (manager) => writeRows(manager, run, scope, rows, listing));
  listing.pages += 1;
  listing.cursor = page.cursor;
  listing.unread.push(...(page.unread ?? []));
}

async function writeRows(
  manager: EntityManager,
  run: SyncRun,
  scope: StoredScope,
  rows: Map<string, InventoryRow>,
  listing: Listing,
): Promise<void> {
  const owner = { ...run, provider: run.provider.name, ...scope, scopeId: scope.id };
  await adoptRows(manager, owner, [...rows.values()].map(spellingOf));
  const entries = [...rows.values()].map(({ resourceId, contentHash, status }) => ({
    resourceId,
    contentHash: contentHash ?? "",
    isDeleted: status === "deleted",
  }));
  const { seen, changed } = await compareWithInventory(manager, owner, entries);
  const changedRows = changed.flatMap((resourceId) => rows.get(resourceId) ?? []);
  const written = await writeResources(manager, changedRows);
  const rewritten = changedRows.filter((row) => row.status !== "deleted").length;
  listing.resources += seen;
  listing.rows.created += written.created;
  listing.rows.updated += written.updated;
  listing.rows.unchanged += seen - rewritten;
}

/** The page's rows by id; the first of two with one id counts, as it does across pages. */
function uniqueRows(
  run: SyncRun,
  scope: StoredScope,
  page: Page,
  syncedAt: Date,
): Map<string, InventoryRow> {
  const { userId, credentialId } = run;
  const { accountId } = scope;
  const provider = run.provider.name;
  const origin = { userId, credentialId, provider, accountId, scopeId: scope.id, syncedAt };
  const rows = page.resources.map((resource) => toInventoryRow(resource, origin));
  return new Map(rows.toReversed().map((row) => [row.resourceId, row]));
}

function spellingOf({ resourceId, resourceType, metadata }: InventoryRow): Spelling {
  const nativeId = metadata?.["native_id"];
  return {
    resourceId,
    resourceType,
    nativeId: typeof nativeId === "string" ? nativeId : resourceId,
  };
}

/** After the last page: takes what is gone for gone, as far as that is proven, and refreshes what was seen. */
async function settleScope(
  manager: EntityManager,
  run: SyncRun,
  scope: StoredScope,
  listing: Listing,
): Promise<ListedScopeResult> {
  const { pages, resources, rows, unread, since } = listing;
  const { userId, runId } = run;
  const unreadRegions = unread.map(({ region }) => region);
  const listed = { userId, scopeId: scope.id, runId, since, unreadRegions };
  let ending: ScopeEnding = { outcome: "complete", pages, resources, code: null, message: null };
  if (!run.isAssumed) {
    const { before, lost, unseen } = await countLoss(manager, listed);
    if (!scope.wasHeld && isHeld(lost, before)) {
      const message = `the listing lacks ${lost} of ${before} resources; nothing is taken for gone until the next sync confirms it`;
      ending = { ...ending, outcome: "held", code: "TOO_MANY_MISSING", message };
    } else if (unseen > 0) {
      Object.assign(rows, await strikeUnseen(manager, listed, runId));
    }
  }
  const unreadEnding = describeUnread(unread);
  if (unreadEnding && ending.outcome === "complete") ending = { ...ending, ...unreadEnding };
  const olderThan = new Date(since.getTime() - run.touchAfterSeconds * 1_000);
  await touchSeen(manager, listed, since, olderThan);
  await recordScope(manager, listed, ending);
  const transient = unread.find(({ reason }) => reason !== "denied") ?? null;
  return { ...ending, rows, transient, hasAdvanced: ending.outcome !== "partial" };
}

async function recordFailure(
  run: SyncRun,
  scope: StoredScope,
  listing: Listing,
  error: unknown,
): Promise<ListedScopeResult> {
  const wasStopped = run.signal.aborted;
  const reason: unknown = wasStopped ? run.signal.reason : error;
  if (!wasStopped && !(reason instanceof ProviderError)) throw error;
  if (endsSync(reason)) run.stop(reason);
  const { pages, resources, rows, since } = listing;
  const hasAdvanced = pages > scope.pages;
  const ending = { ...describeFailure(reason, wasStopped), pages, resources };
  const where = { userId: run.userId, scopeId: scope.id, runId: run.runId };
  const cursor = hasAdvanced || ending.outcome === "throttled" ? cursorOf(listing) : null;
  await run.commit(async (manager) => {
    // What is confirmed so far must be told from the rest when the listing goes on.
    if (cursor !== null) await touchSeen(manager, where, since, since);
    await recordScope(manager, where, ending, cursor === null ? null : { cursor, since });
  });
  if (!(reason instanceof ProviderError) || run.signal.aborted) throw reason;
  return { ...ending, rows, transient: reason.isTransient ? reason : null, hasAdvanced };
}

/** Where the listing can go on; null if it must begin anew, since what it could not read is not kept. */
function cursorOf({ cursor, unread }: Listing): string | null {
  return unread.length === 0 ? cursor : null;
}
