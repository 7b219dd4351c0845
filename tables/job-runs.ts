import type { DataSource, EntityManager } from "typeorm";
import { JobRun, type JobRunState } from "../entities/job-run.ts";
import { showFailedJobs } from "./resources.ts";
import { uuid } from "./uuid.ts";

/** The newest ledger row of a job, by its id in Redis or in the ledger; null while the ledger does not know it. */
export async function findJobRun(
  database: DataSource,
  queue: string,
  jobId: string,
): Promise<JobRun | null> {
  const repository = database.getRepository(JobRun);
  const byId = uuid.test(jobId) ? await repository.findOneBy({ id: jobId, queue }) : null;
  return byId ?? repository.findOne({ where: { queue, jobId }, order: { queuedAt: "DESC" } });
}

/** The job of a user that an idempotency key stands for, or null. */
export async function findJobRunByKey(
  database: DataSource,
  queue: string,
  userId: number,
  idempotencyKey: string,
): Promise<JobRun | null> {
  return database.getRepository(JobRun).findOneBy({ queue, userId, idempotencyKey });
}

/**
 * Ends jobs that nobody is working on, by their ids in Redis or in the ledger, and returns how many: they are not put
 * back when Redis does not have them, and a worker that is given one does not run it.
 */
export async function cancelJobRuns(
  database: DataSource,
  queue: string,
  ids: readonly string[],
): Promise<number> {
  return database.transaction(async (manager) => {
    const [rows]: [{ id: string }[], number] = await manager.query(
      `UPDATE job_runs
       SET state = 'given-up', error_code = 'CANCELLED', error_message = 'cancelled by an operator',
           finished_at = clock_timestamp(), claimed_as = NULL
       WHERE queue = $1 AND (id::text = ANY($2) OR job_id = ANY($2))
         AND state IN ('queued', 'retrying', 'handed-back')
       RETURNING id`,
      [queue, ids],
    );
    const cancelled = rows.map((row) => row.id);
    await showFailedJobs(manager, cancelled);
    return cancelled.length;
  });
}

/**
 * Forgets at most so many jobs that ended more than so many days ago, oldest first, and returns how many; their idempotency
 * keys may be used again then. Held jobs stay: somebody still has to decide about them.
 */
export async function purgeJobRuns(
  manager: EntityManager,
  days: number,
  limit: number,
): Promise<number> {
  const [, count]: [unknown, number] = await manager.query(
    `DELETE FROM job_runs WHERE id IN (
       SELECT id FROM job_runs
       WHERE finished_at < now() - make_interval(days => $1) AND state <> 'held' ORDER BY finished_at LIMIT $2
     )`,
    [days, limit],
  );
  return count;
}

/** How many jobs of a queue are in a state. */
export interface RunCount {
  queue: string;
  state: JobRunState;
  count: number;
}

/** Jobs that have not ended or are held, by queue and state. Reads the index of states, not the history. */
export async function countUnfinishedRuns(database: DataSource): Promise<RunCount[]> {
  return database.query(
    `SELECT queue, state, count(*)::integer AS count FROM job_runs
     WHERE state IN ('queued', 'running', 'retrying', 'handed-back', 'held') GROUP BY queue, state`,
  );
}

/** Jobs that entered the ledger in the last hour, by queue and state. */
export async function countRecentRuns(database: DataSource): Promise<RunCount[]> {
  return database.query(
    `SELECT queue, state, count(*)::integer AS count FROM job_runs
     WHERE created_at > now() - interval '1 hour' GROUP BY queue, state`,
  );
}
