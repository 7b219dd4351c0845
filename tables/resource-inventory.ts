import type { EntityManager } from "typeorm";
import type { ColumnMetadata } from "typeorm/metadata/ColumnMetadata.js";
import { ResourceInventory } from "../entities/resource-inventory.ts";

/** What a sync writes of a row: every column but those that the database fills by itself. */
export type InventoryRow = Omit<
  ResourceInventory,
  "id" | "createdAt" | "missingSince" | "user" | "credential" | "scope"
>;

/** Rows per statement; measured: 1,000 is faster than 5,000. */
const batchSize = 1_000;

const filledByTheDatabase = new Set<string>(["createdAt", "missingSince"]);
const identity = new Set(["user_id", "provider", "account_id", "resource_id"]);

/** How many rows a write created and how many it changed. */
export interface Written {
  created: number;
  updated: number;
}

/**
 * Writes rows, new or changed, with unique ids. A row that was believed missing is back; a row whose resource is
 * reported as deleted is changed if it exists, but neither created nor brought back.
 */
export async function writeResources(
  manager: EntityManager,
  rows: InventoryRow[],
): Promise<Written> {
  const columns = manager.dataSource
    .getMetadata(ResourceInventory)
    .columns.filter(
      (column) => !column.isGenerated && !filledByTheDatabase.has(column.propertyName),
    );
  const statement = writeStatement(manager, columns);
  // Everybody writes in the same order, so that two transactions cannot wait for each other's rows.
  const sorted = rows.toSorted((a, b) => (a.resourceId < b.resourceId ? -1 : 1));
  const total = { created: 0, updated: 0 };
  for (let start = 0; start < sorted.length; start += batchSize) {
    const batch = sorted.slice(start, start + batchSize).map((row) => toRecord(row, columns));
    const [written]: Written[] = await manager.query(statement, [JSON.stringify(batch)]);
    total.created += written?.created ?? 0;
    total.updated += written?.updated ?? 0;
  }
  return total;
}

function toRecord(row: InventoryRow, columns: ColumnMetadata[]): Record<string, unknown> {
  return Object.fromEntries(
    columns.map((column) => [column.databaseName, Reflect.get(row, column.propertyName)]),
  );
}

/**
 * UPDATE first and INSERT the rest: an upsert would take a number from the sequence of ids for every changed row, and
 * an INTEGER sequence ends. OFFSET 0 makes it look rows up by their whole key, whatever the statistics say.
 */
function writeStatement(manager: EntityManager, columns: ColumnMetadata[]): string {
  const { driver } = manager.dataSource;
  const names = columns.map((column) => column.databaseName);
  const record = columns.map((column) => `${column.databaseName} ${driver.normalizeType(column)}`);
  const changes = (source: string): string =>
    names
      .filter((name) => !identity.has(name))
      .map((name) => `${name} = ${source}.${name}`)
      .join(", ");
  return `WITH page AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS p(${record.join(", ")})
  ), updated AS (
    UPDATE resource_inventory r
    SET ${changes("page")}, missing_since = CASE WHEN page.status = 'deleted' THEN r.missing_since END
    FROM page CROSS JOIN LATERAL (
      SELECT id FROM resource_inventory i
      WHERE ${[...identity].map((name) => `i.${name} = page.${name}`).join(" AND ")} OFFSET 0
    ) known
    WHERE r.id = known.id
    RETURNING r.resource_id
  ), created AS (
    INSERT INTO resource_inventory (${names.join(", ")})
    SELECT ${names.join(", ")} FROM page
    WHERE status IS DISTINCT FROM 'deleted' AND resource_id NOT IN (SELECT resource_id FROM updated)
    ORDER BY resource_id
    ON CONFLICT (${[...identity].join(", ")}) DO UPDATE SET ${changes("EXCLUDED")}, missing_since = NULL
    RETURNING 1
  )
  SELECT (SELECT count(*)::int FROM created) AS created, (SELECT count(*)::int FROM updated) AS updated`;
}

/** A scope whose listing has come to its end, with what it must not judge. */
export interface ListedScope {
  userId: number;
  scopeId: number;
  /** When the listing began. */
  since: Date;
  /** Regions that the listing left out; rows there, and rows of no region, are not missing. */
  unreadRegions: string[];
}

const notSeen = `NOT EXISTS (
  SELECT FROM sync_seen s WHERE s.scope_id = r.scope_id AND s.resource_id = r.resource_id
)`;
const wasRead = `(cardinality($3::text[]) = 0 OR r.region <> ALL($3::text[]))`;

/** What a complete listing means for the rows of its scope. */
export interface Loss {
  /** Rows that were there and not missing when the listing began, or that were and are seen again. */
  before: number;
  /** Of those, rows that the listing lacks; a resource that the provider itself reports as deleted is no loss. */
  lost: number;
  /** All rows that the listing lacks, also the missing and the deleted ones. */
  unseen: number;
}

/** Counts what a complete listing lacks. */
export async function countLoss(manager: EntityManager, scope: ListedScope): Promise<Loss> {
  const [row]: Loss[] = await manager.query(
    `SELECT (count(*) FILTER (WHERE is_present AND is_old))::int AS before,
            (count(*) FILTER (WHERE is_present AND is_unseen AND NOT is_deleted))::int AS lost,
            (count(*) FILTER (WHERE is_unseen))::int AS unseen
     FROM (
       SELECT r.missing_since IS NULL AS is_present, r.status = 'deleted' IS TRUE AS is_deleted,
              coalesce(r.created_at < $4, true) AS is_old,
              s.resource_id IS NULL AND ${wasRead} AS is_unseen
       FROM resource_inventory r
       LEFT JOIN sync_seen s ON s.scope_id = r.scope_id AND s.resource_id = r.resource_id
       WHERE r.user_id = $1 AND r.scope_id = $2
     ) judged`,
    [scope.userId, scope.scopeId, scope.unreadRegions, scope.since],
  );
  return row ?? { before: 0, lost: 0, unseen: 0 };
}

/**
 * Counts a strike against every row that the complete listing did not see: the first marks it, the second removes it.
 * A strike counts once per job, however often the job was started.
 */
export async function strikeUnseen(
  manager: EntityManager,
  scope: ListedScope,
  runId: string,
): Promise<{ missing: number; deleted: number }> {
  const of = [scope.userId, scope.scopeId, scope.unreadRegions];
  const [, deleted]: [unknown, number] = await manager.query(
    `DELETE FROM resource_inventory r
     WHERE r.user_id = $1 AND r.scope_id = $2 AND ${notSeen} AND ${wasRead}
       AND r.missing_since < (SELECT created_at AT TIME ZONE 'UTC' FROM job_runs WHERE id = $4)`,
    [...of, runId],
  );
  const [, missing]: [unknown, number] = await manager.query(
    `UPDATE resource_inventory r SET missing_since = now() AT TIME ZONE 'UTC'
     WHERE r.user_id = $1 AND r.scope_id = $2 AND ${notSeen} AND ${wasRead} AND r.missing_since IS NULL`,
    of,
  );
  return { missing, deleted };
}

/** Refreshes `last_synced` of what the scope's listing saw, where it is older than `olderThan`. */
export async function touchSeen(
  manager: EntityManager,
  scope: { userId: number; scopeId: number },
  syncedAt: Date,
  olderThan: Date,
): Promise<void> {
  await manager.query(
    `UPDATE resource_inventory r SET last_synced = $3
     FROM sync_seen s
     WHERE r.user_id = $1 AND r.scope_id = $2 AND s.scope_id = $2 AND s.resource_id = r.resource_id
       AND r.last_synced < $4`,
    [scope.userId, scope.scopeId, syncedAt, olderThan],
  );
}
