import type { DataSource, EntityManager } from "typeorm";
import { JobRun } from "../entities/job-run.ts";

/** A job that was, or is about to be, taken out of its queue because no worker can run it. */
export interface RejectedJob {
  queue: string;
  jobId: string;
  /** When it was queued, as far as that can be known. */
  queuedAt: Date | null;
  reason: string;
  message: string;
  /** Its data, if that was JSON; a replay starts from it. */
  payload: unknown;
  /** What it looked like, without secrets. */
  raw: string;
  userId: number | null;
}

/** Stands for a time that the job does not tell; a job without one is told from others by its id alone. */
const unknownTime = new Date(0);

/**
 * Keeps a rejected job. The same job again is the same row, so that whoever died between keeping and removing it can
 * do both again. A job that the ledger knows already keeps its row as it is: if it is still owed, the reconciler puts it
 * back into its queue in good order. Returns the row's id.
 */
export async function keepRejectedJob(database: DataSource, job: RejectedJob): Promise<string> {
  const rows: { id: string }[] = await database.query(
    `INSERT INTO job_runs (id, queue, job_id, queued_at, user_id, state, fencing_token, payload, raw, error_code,
                           error_message, finished_at)
     VALUES (gen_random_uuid(), $1, $2, $3, $4, 'rejected', 0, $5, $6, $7, $8, clock_timestamp())
     ON CONFLICT (queue, job_id, queued_at) DO UPDATE
     SET state = 'rejected', raw = EXCLUDED.raw, error_code = EXCLUDED.error_code,
         error_message = EXCLUDED.error_message, finished_at = EXCLUDED.finished_at
     WHERE job_runs.state = 'rejected'
     RETURNING id`,
    [
      job.queue,
      job.jobId,
      job.queuedAt ?? unknownTime,
      job.userId,
      JSON.stringify(job.payload ?? null),
      job.raw,
      job.reason,
      job.message,
    ],
  );
  if (rows[0]) return rows[0].id;
  const { queue, jobId, queuedAt } = { ...job, queuedAt: job.queuedAt ?? unknownTime };
  const kept = await database.getRepository(JobRun).findOneByOrFail({ queue, jobId, queuedAt });
  return kept.id;
}

/** Jobs by the reason for which they were rejected, for metrics. */
export interface RejectedCount {
  queue: string;
  reason: string;
  count: number;
}

/** Counts the rejected jobs that the ledger still holds. */
export async function countRejectedJobs(database: DataSource): Promise<RejectedCount[]> {
  return database.query(
    `SELECT queue, error_code AS reason, count(*)::int AS count FROM job_runs
     WHERE state = 'rejected' GROUP BY queue, error_code ORDER BY queue, error_code`,
  );
}

/**
 * Jobs that need a repair before they can run: rejected ones, and those whose payload a worker refused. Newest first,
 * without those that were repeated already.
 */
export async function listRejectedJobs(database: DataSource, limit: number): Promise<JobRun[]> {
  return database
    .getRepository(JobRun)
    .createQueryBuilder("run")
    .where(
      "(run.state = 'rejected' OR (run.state = 'given-up' AND run.error_code IN ('INVALID_PAYLOAD', 'UNSUPPORTED_VERSION')))",
    )
    .andWhere("(run.replayed_at IS NULL OR run.replayed_at < run.finished_at)")
    .orderBy("run.created_at", "DESC")
    .limit(limit)
    .getMany();
}

/** Locks a job that ended until the transaction is over, so that two people do not repeat it at once. */
export async function lockEndedJob(manager: EntityManager, id: string): Promise<JobRun | null> {
  return manager.findOne(JobRun, { where: { id }, lock: { mode: "pessimistic_write" } });
}

/** Notes which job repeats a job. */
export async function recordReplay(
  manager: EntityManager,
  id: string,
  replayedAs: string,
): Promise<void> {
  await manager.query(
    `UPDATE job_runs SET replayed_as = $2, replayed_at = clock_timestamp() WHERE id = $1`,
    [id, replayedAs],
  );
}
