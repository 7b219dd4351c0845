import type { DataSource, EntityManager } from "typeorm";
import { JobRun, type JobRunState } from "../entities/job-run.ts";
import { showFailedJobs } from "./resources.ts";
import { uuid } from "./uuid.ts";

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
  /** How often somebody put the job back into its queue after it had ended there. */
  retries: number;
  worker: string;
  /** A worker that did not show up for so long, in milliseconds, is gone; below half of the lock that it lets expire. */
  silentMs: number;
  payload: unknown;
  userId: number | null;
  credentialId: number | null;
  resourceId: number | null;
  /** Null when there is none or the payload is not valid: a job that never ran must not block its corrected successor. */
  idempotencyKey: string | null;
  traceparent: string | null;
}

/**
 * What a worker may do with a delivery: `claimed`: run it; `ended`: the job has ended, its outcome is the answer;
 * `busy`: the job is being worked on under another delivery, whose end will be the answer.
 */
export interface ClaimResult {
  kind: "claimed" | "ended" | "busy";
  run: JobRun;
}

/** States that end a job. Only an operator's retry opens such a row again. */
export const finalStates: readonly JobRunState[] = [
  "done",
  "given-up",
  "failed",
  "held",
  "rejected",
];

/** A running job whose worker has not shown up for so long has no worker any more; five heartbeats. */
export const silentAfterMs = 15_000;

/**
 * Finds or makes the ledger row of a delivered job and claims it: `running` with a new fencing token. A previous claim
 * of the same delivery that never ended counts as a crash if its worker fell silent, to the queue and to the ledger: not
 * if its end could not be recorded, because PostgreSQL was away, nor if only its lock was lost, because Redis was.
 */
export async function claimJobRun(database: DataSource, delivery: Delivery): Promise<ClaimResult> {
  return database.transaction(async (manager) => {
    const run = await findOrAddJobRun(manager, delivery);
    const claimedAs = `${delivery.jobId}@${delivery.queuedAt.getTime()}`;
    const isFinal = finalStates.includes(run.state);
    if (isFinal && (run.claimedAs !== claimedAs || delivery.retries <= run.retries)) {
      // From here on an operator's retry of this delivery is told from a repetition of it.
      await manager.update(JobRun, { id: run.id }, { claimedAs, retries: delivery.retries });
      return { kind: "ended", run };
    }
    const isSame = run.claimedAs === null || run.claimedAs === claimedAs;
    const isOwn = delivery.jobId === run.jobId || delivery.jobId === run.id;
    if (!isFinal && (!isOwn || (!isSame && (await hasWorker(manager, run))))) {
      return { kind: "busy", run };
    }
    await manager.query(
      `UPDATE job_runs
       SET state = 'running', worker = $2, stalls = $3, retries = $7, starts = starts + 1, fencing_token = fencing_token + 1,
           attempt = CASE WHEN $4 THEN 1 WHEN state IN ('queued', 'retrying') THEN attempt + 1 ELSE attempt END,
           crashes = CASE WHEN $4 THEN 0 WHEN state = 'running' AND $6 AND $3 > stalls
                          AND heartbeat_at < clock_timestamp() - make_interval(secs => $8 / 1000.0) THEN crashes + 1
                        ELSE crashes END,
           result = NULL, error_code = NULL, error_message = NULL, finished_at = NULL, claimed_as = $5,
           created_at = CASE WHEN starts = 0 THEN clock_timestamp() ELSE created_at END,
           started_at = clock_timestamp(), heartbeat_at = clock_timestamp()
       WHERE id = $1`,
      [
        run.id,
        delivery.worker,
        delivery.stalls,
        isFinal,
        claimedAs,
        isSame,
        delivery.retries,
        delivery.silentMs,
      ],
    );
    return { kind: "claimed", run: await manager.findOneByOrFail(JobRun, { id: run.id }) };
  });
}

/** FOR UPDATE waits for every transaction that holds the fence of the claim before this one. */
async function findOrAddJobRun(manager: EntityManager, delivery: Delivery): Promise<JobRun> {
  const { queue, jobId, queuedAt, userId, idempotencyKey } = delivery;
  const lock = { mode: "pessimistic_write" } as const;
  const byId = uuid.test(jobId)
    ? await manager.findOne(JobRun, { where: { id: jobId, queue }, lock })
    : null;
  if (byId) return byId;
  await manager.query(
    `INSERT INTO job_runs (id, queue, job_id, queued_at, user_id, credential_id, resource_id, state, fencing_token,
                           payload, traceparent, idempotency_key)
     VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, 'queued', 0, $7, $8, $9)
     ON CONFLICT DO NOTHING`,
    [
      queue,
      jobId,
      queuedAt,
      userId,
      delivery.credentialId,
      delivery.resourceId,
      JSON.stringify(delivery.payload ?? null),
      delivery.traceparent,
      idempotencyKey,
    ],
  );
  const byDelivery = await manager.findOne(JobRun, { where: { queue, jobId, queuedAt }, lock });
  if (byDelivery || userId === null || idempotencyKey === null) {
    return byDelivery ?? manager.findOneByOrFail(JobRun, { queue, jobId, queuedAt });
  }
  const where = { queue, userId, idempotencyKey };
  return manager.findOneOrFail(JobRun, { where, lock });
}

/** Whether the worker of a row showed up lately. */
async function hasWorker(manager: EntityManager, run: JobRun): Promise<boolean> {
  if (run.state !== "running") return false;
  const rows: unknown[] = await manager.query(
    `SELECT 1 FROM job_runs
     WHERE id = $1 AND heartbeat_at > clock_timestamp() - make_interval(secs => $2 / 1000.0)`,
    [run.id, silentAfterMs],
  );
  return rows.length > 0;
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
  state: Exclude<JobRunState, "queued" | "running">;
  result?: unknown;
  errorCode?: string;
  errorMessage?: string;
}

/** Records the end of a claim, in a transaction. Throws LostClaimError when the claim is no longer current. */
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
  if (ending.state !== "done" && finalStates.includes(ending.state)) {
    await showFailedJobs(manager, [claim.runId]);
  }
}
