import { Column, Entity, Index, PrimaryColumn, Unique } from "typeorm";

/**
 * `queued`: no worker has seen it yet; `rejected`: no worker can run it, so it was taken out of its queue; `running` now;
 * `retrying` waits for its next attempt; `handed-back` waits without having used up an attempt; `done`; `given-up`:
 * cannot succeed as it is; `failed`: attempts used up; `held`: a guard stopped it, a person decides.
 */
export const jobRunStates = [
  "queued",
  "rejected",
  "running",
  "retrying",
  "handed-back",
  "done",
  "given-up",
  "failed",
  "held",
] as const;
export type JobRunState = (typeof jobRunStates)[number];

/**
 * The ledger: one row per job, kept after Redis has forgotten it. A job in Redis whose id is the `id` of a row is that
 * row's job: so are jobs of the outbox, and those that are put back after Redis lost them. Any other is known by queue,
 * BullMQ id and the time it was queued, because BullMQ counts its ids from 1 again after Redis was emptied.
 */
@Entity({ name: "job_runs" })
@Unique("job_runs_job_key", ["queue", "jobId", "queuedAt"])
@Index("idx_job_runs_state", ["state", "heartbeatAt"])
@Index("idx_job_runs_user_id", ["userId", "createdAt"])
@Index("idx_job_runs_created_at", ["createdAt"])
@Index("idx_job_runs_finished_at", ["finishedAt"])
@Index("idx_job_runs_resource_id", ["resourceId"], { where: "resource_id IS NOT NULL" })
@Index("idx_job_runs_unfinished", ["id"], {
  where: "state IN ('queued', 'running', 'retrying', 'handed-back')",
})
@Index("job_runs_idempotency_key", ["queue", "userId", "idempotencyKey"], {
  unique: true,
  where: "idempotency_key IS NOT NULL",
})
export class JobRun {
  @PrimaryColumn({ type: "uuid", primaryKeyConstraintName: "job_runs_pkey" })
  id!: string;

  @Column({ type: "varchar", length: 50 })
  queue!: string;

  @Column({ name: "job_id", type: "text" })
  jobId!: string;

  @Column({ name: "queued_at", type: "timestamptz" })
  queuedAt!: Date;

  /** Not to be started before; null: at once. */
  @Column({ name: "run_at", type: "timestamptz", nullable: true })
  runAt!: Date | null;

  /** Two jobs of a queue and user with one key are one job. Null in rows of jobs whose payload is not valid. */
  @Column({ name: "idempotency_key", type: "varchar", length: 200, nullable: true })
  idempotencyKey!: string | null;

  /** As the payload names them; not foreign keys, since history outlives users and a foreign job names anybody. */
  @Column({ name: "user_id", type: "integer", nullable: true })
  userId!: number | null;

  @Column({ name: "credential_id", type: "integer", nullable: true })
  credentialId!: number | null;

  @Column({ name: "resource_id", type: "integer", nullable: true })
  resourceId!: number | null;

  @Column({ type: "varchar", length: 20 })
  state!: JobRunState;

  /** Attempts that count against the limit; starts counts every start, also after a crash or a hand-back. */
  @Column({ type: "integer", default: 0 })
  attempt!: number;

  @Column({ type: "integer", default: 0 })
  starts!: number;

  /** Starts that ended with the worker gone; a job that keeps killing its worker is poisoned. */
  @Column({ type: "integer", default: 0 })
  crashes!: number;

  /** BullMQ's stall count at the last claim: if it has grown, the worker of that claim fell silent. */
  @Column({ type: "integer", default: 0 })
  stalls!: number;

  /**
   * How often the job in Redis had been put back after its end when it was claimed, or answered, last. A delivery of an
   * ended job with more of them is an operator who pressed retry; with as many, the job came back by itself.
   */
  @Column({ type: "integer", default: 0 })
  retries!: number;

  /** Grows with every claim. A worker whose token is no longer current commits nothing. */
  @Column({ name: "fencing_token", type: "bigint" })
  fencingToken!: string;

  /**
   * Which job in Redis was claimed, or answered, last: its id and time. More than one can stand for a row: the first one
   * and one that was put back, or several with one idempotency key.
   */
  @Column({ name: "claimed_as", type: "text", nullable: true })
  claimedAs!: string | null;

  /** Name of the worker process that claimed the job last. */
  @Column({ type: "text", nullable: true })
  worker!: string | null;

  @Column({ type: "jsonb", nullable: true })
  payload!: unknown;

  @Column({ type: "jsonb", nullable: true })
  result!: unknown;

  @Column({ name: "error_code", type: "varchar", length: 100, nullable: true })
  errorCode!: string | null;

  @Column({ name: "error_message", type: "text", nullable: true })
  errorMessage!: string | null;

  /** What a rejected job looked like in Redis: its fields one a line, secrets taken out, cut. */
  @Column({ type: "text", nullable: true })
  raw!: string | null;

  /** BullMQ id of the job that repeats this one, in the same queue. */
  @Column({ name: "replayed_as", type: "text", nullable: true })
  replayedAs!: string | null;

  @Column({ name: "replayed_at", type: "timestamptz", nullable: true })
  replayedAt!: Date | null;

  /** W3C traceparent of the producer. */
  @Column({ type: "text", nullable: true })
  traceparent!: string | null;

  /** When a worker first saw the job; before that, when the ledger did. */
  @Column({ name: "created_at", type: "timestamptz", default: () => "now()" })
  createdAt!: Date;

  @Column({ name: "started_at", type: "timestamptz", nullable: true })
  startedAt!: Date | null;

  @Column({ name: "heartbeat_at", type: "timestamptz", nullable: true })
  heartbeatAt!: Date | null;

  @Column({ name: "finished_at", type: "timestamptz", nullable: true })
  finishedAt!: Date | null;
}
