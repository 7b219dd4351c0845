import type { EntityManager } from "typeorm";
import type { ScopeOutcome } from "../entities/sync-scope.ts";

/** First half of the advisory lock's key, the second being the credential: no two syncs of one credential at once. */
const syncLock = 7_214_002;

/**
 * Takes the sync lock of a credential for the manager's connection; false while another connection has it. It ends
 * with the connection, however that ends.
 */
export async function tryLockSync(manager: EntityManager, credentialId: number): Promise<boolean> {
  const [row]: { locked: boolean }[] = await manager.query(
    `SELECT pg_try_advisory_lock($1, $2) AS locked`,
    [syncLock, credentialId],
  );
  return row?.locked === true;
}

/** The database's clock: what two runs compare must come from one clock. */
export async function readClock(manager: EntityManager): Promise<Date> {
  const [row]: { now: Date }[] = await manager.query(`SELECT clock_timestamp() AS now`);
  if (!row) throw new Error("the clock returned no row");
  return row.now;
}

/** Whose scopes they are. */
export interface ScopeOwner {
  userId: number;
  credentialId: number;
}

/** What names a scope within a credential. */
export interface ScopeName {
  accountId: string;
  region: string;
  kind: string;
}

/** A scope and how its last listing ended; outcome null while it has never been listed. */
export interface StoredScope extends ScopeName {
  id: number;
  outcome: ScopeOutcome | null;
  resources: number;
  /** An earlier attempt of the same job has listed it to the end: a continuation leaves it alone. */
  isDone: boolean;
  /** Pages that an earlier attempt of the same job has read. */
  pages: number;
  /** Where and since when an earlier attempt of the same job was at it; null to begin anew. */
  cursor: string | null;
  cursorSince: Date | null;
  /** An earlier job held it: the loss that it sees now is confirmed. */
  wasHeld: boolean;
}

/** Stores the scopes that are new. */
export async function addScopes(
  manager: EntityManager,
  owner: ScopeOwner,
  names: ScopeName[],
): Promise<void> {
  const page = names.map((name) => ({ ...name, account_id: name.accountId }));
  // NOT EXISTS and not only ON CONFLICT: that would use up numbers of the sequence in every sync.
  await manager.query(
    `INSERT INTO sync_scopes (user_id, credential_id, account_id, region, kind)
     SELECT DISTINCT $1::int, $2::int, p.account_id, p.region, p.kind
     FROM jsonb_to_recordset($3::jsonb) AS p(account_id TEXT, region TEXT, kind TEXT)
     WHERE NOT EXISTS (
       SELECT FROM sync_scopes s
       WHERE s.credential_id = $2 AND s.account_id = p.account_id AND s.region = p.region AND s.kind = p.kind
     )
     ON CONFLICT DO NOTHING`,
    [owner.userId, owner.credentialId, JSON.stringify(page)],
  );
}

/**
 * All scopes of a credential. What earlier attempts of the job did counts for two hours at most: an attempt may take one,
 * and what is older than that is worth another look.
 */
export async function findScopes(
  manager: EntityManager,
  owner: ScopeOwner,
  runId: string,
): Promise<StoredScope[]> {
  return manager.query(
    `SELECT s.id, s.account_id AS "accountId", s.region, s.kind, s.outcome, s.resources,
            coalesce(own.is_recent AND s.outcome IN ('complete', 'held'), false) AS "isDone",
            CASE WHEN own.is_recent THEN s.pages ELSE 0 END AS pages,
            CASE WHEN own.is_recent THEN s.cursor END AS cursor,
            CASE WHEN own.is_recent THEN s.cursor_since END AS "cursorSince",
            coalesce(s.outcome = 'held' AND s.attempted_at < j.created_at, false) AS "wasHeld"
     FROM sync_scopes s JOIN job_runs j ON j.id = $3
     CROSS JOIN LATERAL (SELECT s.run_id = j.id AND s.attempted_at > now() - interval '2 hours' AS is_recent) own
     WHERE s.user_id = $1 AND s.credential_id = $2
     ORDER BY s.id`,
    [owner.userId, owner.credentialId, runId],
  );
}

/** How a listing ended. */
export interface ScopeEnding {
  outcome: ScopeOutcome;
  pages: number;
  resources: number;
  code: string | null;
  message: string | null;
}

/** Where a listing that was cut short can go on. */
export interface Continuation {
  cursor: string;
  since: Date;
}

/** Records how a job's listing of a scope ended. `completed_at` keeps the last time that everything was read. */
export async function recordScope(
  manager: EntityManager,
  scope: { userId: number; scopeId: number; runId: string },
  ending: ScopeEnding,
  continuation: Continuation | null = null,
): Promise<void> {
  await manager.query(
    `UPDATE sync_scopes
     SET outcome = $3::varchar, pages = $4, resources = $5, error_code = $6, error_message = $7,
         run_id = $8, cursor = $9, cursor_since = $10, attempted_at = clock_timestamp(),
         completed_at = CASE WHEN $3::varchar = 'complete' THEN clock_timestamp() ELSE completed_at END
     WHERE id = $2 AND user_id = $1`,
    [
      scope.userId,
      scope.scopeId,
      ending.outcome,
      ending.pages,
      ending.resources,
      ending.code,
      ending.message,
      scope.runId,
      continuation?.cursor ?? null,
      continuation?.since ?? null,
    ],
  );
}

/** Forgets which scopes a job has listed: it is done, and if somebody runs it again, it lists all of them again. */
export async function releaseScopes(
  manager: EntityManager,
  job: { userId: number; credentialId: number; runId: string },
): Promise<void> {
  await manager.query(
    `UPDATE sync_scopes SET run_id = NULL WHERE user_id = $1 AND credential_id = $2 AND run_id = $3`,
    [job.userId, job.credentialId, job.runId],
  );
}

/** Says of scopes that the account no longer offers that they were not listed. Their rows stay as they are. */
export async function skipScopes(
  manager: EntityManager,
  userId: number,
  scopeIds: number[],
): Promise<void> {
  await manager.query(
    `UPDATE sync_scopes
     SET outcome = 'skipped', error_code = 'NOT_DISCOVERED', error_message = 'the account no longer offers this region',
         attempted_at = clock_timestamp()
     WHERE user_id = $1 AND id = ANY($2) AND outcome IS DISTINCT FROM 'skipped'`,
    [userId, scopeIds],
  );
}
