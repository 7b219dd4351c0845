import type { DataSource, EntityManager } from "typeorm";
import { JobRun, type JobRunState } from "../entities/job-run.ts";

/** What a worker holds while it runs a job: the ledger row and the token that proves the claim is current. */
export interface Claim {
  runId: string;
  fencingToken: string;
}

/** Another worker has claimed the job since: this one must stop and commits nothing. Nobody's fault; the fence worked. */
export class LostClaimError extends Error {
  override readonly name = "LostClaimError";
  readonly code = "CLAIM_LOST";
  readonly runId: string;

  constructor(runId: string) {
    super(`job run ${runId} is claimed by another worker`);
    this.runId = runId;
  }
}

/** A job as Redis delivered it. */
export interface Delivery {
  queue: string;
  jobId: string;
  queuedAt: Date;
  stalls: number;
  worker: string;
  payload: unknown;
  userId: number | null;
  credentialId: number | null;
  resourceId: number | null;
  traceparent: string | null;
}

/** States that end a job. Only an operator's retry opens such a row again. */
export const finalStates: readonly JobRunState[] = ["done", "given-up", "failed", "held"];

/**
 * Claims a job in the ledger and returns its row: `running` with a new fencing token, or final when an earlier worker
 * finished it but died before it could tell Redis. A previous claim that never ended counts as a crash.
 */
export async function claimJobRun(database: DataSource, delivery: Delivery): Promise<JobRun> {
  return database.transaction(async (manager) => {
    const key = { queue: delivery.queue, jobId: delivery.jobId, queuedAt: delivery.queuedAt };
    await manager.query(
      `INSERT INTO job_runs (id, queue, job_id, queued_at, user_id, credential_id, resource_id, state, fencing_token,
                             payload, traceparent)
       VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, 'retrying', 0, $7, $8)
       ON CONFLICT (queue, job_id, queued_at) DO NOTHING`,
      [
        delivery.queue,
        delivery.jobId,
        delivery.queuedAt,
        delivery.userId,
        delivery.credentialId,
        delivery.resourceId,
        JSON.stringify(delivery.payload ?? null),
        delivery.traceparent,
      ],
    );
    // FOR UPDATE waits for every transaction that holds the fence of the claim before this one.
    const lock = { mode: "pessimistic_write" } as const;
    const run = await manager.findOneOrFail(JobRun, { where: key, lock });
    const isFinal = finalStates.includes(run.state);
    if (isFinal && delivery.stalls > run.stalls) return run;
    await manager.query(
      `UPDATE job_runs
       SET state = 'running', worker = $2, stalls = $3, starts = starts + 1, fencing_token = fencing_token + 1,
           attempt = CASE WHEN $4 THEN 1 WHEN state = 'retrying' THEN attempt + 1 ELSE attempt END,
           crashes = CASE WHEN $4 THEN 0 WHEN state = 'running' THEN crashes + 1 ELSE crashes END,
           result = NULL, error_code = NULL, error_message = NULL, finished_at = NULL,
           started_at = clock_timestamp(), heartbeat_at = clock_timestamp()
       WHERE id = $1`,
      [run.id, delivery.worker, delivery.stalls, isFinal],
    );
    return manager.findOneByOrFail(JobRun, { id: run.id });
  });
}

/**
 * First statement of every transaction with effects of a job: throws LostClaimError unless the claim is current, and
 * keeps the next claim waiting until this transaction ends. FOR KEY SHARE lets heartbeats through.
 */
export async function holdFence(manager: EntityManager, claim: Claim): Promise<void> {
  const rows: unknown[] = await manager.query(
    `SELECT 1 FROM job_runs WHERE id = $1 AND fencing_token = $2 AND state = 'running' FOR KEY SHARE`,
    [claim.runId, claim.fencingToken],
  );
  if (rows.length === 0) throw new LostClaimError(claim.runId);
}

/** Says that the worker is alive. Throws LostClaimError when the claim is no longer current. */
export async function recordHeartbeat(database: DataSource, claim: Claim): Promise<void> {
  const [, count]: [unknown, number] = await database.query(
    `UPDATE job_runs SET heartbeat_at = clock_timestamp()
     WHERE id = $1 AND fencing_token = $2 AND state = 'running'`,
    [claim.runId, claim.fencingToken],
  );
  if (count === 0) throw new LostClaimError(claim.runId);
}

/** How a claim ended. */
export interface Ending {
  state: Exclude<JobRunState, "running">;
  result?: unknown;
  errorCode?: string;
  errorMessage?: string;
}

/** Records the end of a claim. Throws LostClaimError when the claim is no longer current. */
export async function recordEnding(
  manager: EntityManager,
  claim: Claim,
  ending: Ending,
): Promise<void> {
  const [, count]: [unknown, number] = await manager.query(
    `UPDATE job_runs
     SET state = $3, result = $4, error_code = $5, error_message = $6, heartbeat_at = clock_timestamp(),
         finished_at = CASE WHEN $7 THEN clock_timestamp() END
     WHERE id = $1 AND fencing_token = $2 AND state = 'running'`,
    [
      claim.runId,
      claim.fencingToken,
      ending.state,
      ending.result === undefined ? null : JSON.stringify(ending.result),
      ending.errorCode ?? null,
      ending.errorMessage ?? null,
      finalStates.includes(ending.state),
    ],
  );
  if (count === 0) throw new LostClaimError(claim.runId);
}

/** The newest ledger row of a job, or null while no worker has seen it. */
export async function findJobRun(
  database: DataSource,
  queue: string,
  jobId: string,
): Promise<JobRun | null> {
  return database
    .getRepository(JobRun)
    .findOne({ where: { queue, jobId }, order: { queuedAt: "DESC" } });
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
     WHERE state IN ('running', 'retrying', 'handed-back', 'held') GROUP BY queue, state`,
  );
}

/** Jobs that entered the ledger in the last hour, by queue and state. */
export async function countRecentRuns(database: DataSource): Promise<RunCount[]> {
  return database.query(
    `SELECT queue, state, count(*)::integer AS count FROM job_runs
     WHERE created_at > now() - interval '1 hour' GROUP BY queue, state`,
  );
}
