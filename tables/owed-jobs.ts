import type { DataSource } from "typeorm";
import { silentAfterMs } from "./claims.ts";
import type { WantedJob } from "./job-requests.ts";
import { uuid } from "./uuid.ts";

/** A job that has not ended, nobody is working on, and Redis was told of. */
export interface OwedJob extends WantedJob {
  /** Under which id and time Redis knew it first. */
  jobId: string;
  queuedAt: Date;
}

const isOwed = `(
  r.state IN ('queued', 'retrying', 'handed-back')
  OR (r.state = 'running' AND r.heartbeat_at < clock_timestamp() - make_interval(secs => ${silentAfterMs / 1_000}))
)`;
/** The same words as in the partial index, so that PostgreSQL uses it. */
const isUnfinished = `r.state IN ('queued', 'running', 'retrying', 'handed-back')`;

/** A page of owed jobs in the order of their ids. Jobs that still lie in the outbox are not among them. */
export async function pageOwedJobs(
  database: DataSource,
  afterId: string,
  limit: number,
): Promise<OwedJob[]> {
  return database.query(
    `SELECT r.id, r.queue, r.payload, r.run_at AS "runAt", r.job_id AS "jobId", r.queued_at AS "queuedAt"
     FROM job_runs r
     WHERE r.id > $1 AND ${isUnfinished} AND ${isOwed}
       AND NOT EXISTS (SELECT 1 FROM job_requests q WHERE q.id = r.id AND q.sent_at IS NULL)
     ORDER BY r.id LIMIT $2`,
    [afterId, limit],
  );
}

/** Those of the jobs that are still owed: a worker may have ended some since they were read. */
export async function filterOwedJobs(
  database: DataSource,
  ids: readonly string[],
): Promise<Set<string>> {
  const rows: { id: string }[] = await database.query(
    `SELECT r.id FROM job_runs r WHERE r.id = ANY($1) AND ${isOwed}`,
    [ids],
  );
  return new Set(rows.map((row) => row.id));
}

/** Those of the ids in Redis that stand for a job the ledger knows. */
export async function filterKnownJobs(
  database: DataSource,
  queue: string,
  jobIds: readonly string[],
): Promise<Set<string>> {
  const uuids = jobIds.filter((id) => uuid.test(id));
  const rows: { known: string }[] = await database.query(
    `SELECT r.job_id AS known FROM job_runs r
     WHERE r.queue = $1 AND r.job_id = ANY($2) AND ${isUnfinished}
     UNION ALL SELECT r.id::TEXT FROM job_runs r WHERE r.queue = $1 AND r.id = ANY($3::UUID[])`,
    [queue, jobIds, uuids],
  );
  return new Set(rows.map((row) => row.known));
}
