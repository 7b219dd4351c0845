import type { EntityManager } from "typeorm";
import { addQueuedJobs, type QueuedJob } from "./queued-jobs.ts";

/** A job that the ledger knows and Redis may not. */
export interface WantedJob {
  /** `job_runs.id`, and the id of the job in Redis. */
  id: string;
  queue: string;
  payload: unknown;
  /** Not to be started before; null: at once. */
  runAt: Date | null;
}

/**
 * Locks the oldest requests that Redis has not been told of, for the transaction of the manager. Requests that another
 * transaction has locked are passed over.
 */
export async function lockUnsentRequests(
  manager: EntityManager,
  limit: number,
): Promise<WantedJob[]> {
  return manager.query(
    `SELECT r.id, r.queue, r.payload, r.run_at AS "runAt"
     FROM job_requests q JOIN job_runs r ON r.id = q.id
     WHERE q.sent_at IS NULL ORDER BY q.created_at LIMIT $1 FOR UPDATE OF q SKIP LOCKED`,
    [limit],
  );
}

/** Records that Redis has the jobs. */
export async function markSent(manager: EntityManager, ids: readonly string[]): Promise<void> {
  await manager.query(`UPDATE job_requests SET sent_at = clock_timestamp() WHERE id = ANY($1)`, [
    ids,
  ]);
}

/**
 * Enters jobs of one queue into the ledger and the outbox, in the transaction of the manager; relays are told when it
 * commits. Jobs that the ledger has already stay as they are.
 */
export async function requestJobs(
  manager: EntityManager,
  queue: string,
  jobs: readonly QueuedJob[],
): Promise<void> {
  const ids = await addQueuedJobs(manager, queue, jobs);
  if (ids.length === 0) return;
  await manager.query(`INSERT INTO job_requests (id) SELECT unnest($1::UUID[])`, [ids]);
  await manager.query(`SELECT pg_notify('job_requests', '')`);
}
