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
 * Locks requests that Redis has not been told of, for the transaction of the manager: the oldest ones and, as many, the
 * newest ones, so that whoever asks for ten thousand jobs keeps nobody waiting who asks after that. None is returned only
 * when there are no more. Requests that another transaction has locked are passed over.
 */
export async function lockUnsentRequests(
  manager: EntityManager,
  limit: number,
): Promise<WantedJob[]> {
  return manager.query(
    `WITH oldest AS (
       SELECT id, created_at FROM job_requests WHERE sent_at IS NULL
       ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED
     ), newest AS (
       SELECT id, created_at FROM job_requests WHERE sent_at IS NULL
       ORDER BY created_at DESC LIMIT $2 FOR UPDATE SKIP LOCKED
     )
     SELECT r.id, r.queue, r.payload, r.run_at AS "runAt"
     FROM (SELECT * FROM oldest UNION SELECT * FROM newest) q JOIN job_runs r ON r.id = q.id
     ORDER BY q.created_at`,
    [Math.ceil(limit / 2), Math.floor(limit / 2)],
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
