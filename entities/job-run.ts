import { Column, Entity, Index, PrimaryColumn, Unique } from "typeorm";

/**
 * `running` now; `retrying` waits for its next attempt; `handed-back` was given up by a stopping worker and waits;
 * `done`; `given-up`: cannot succeed as it is; `failed`: attempts used up; `held`: a guard stopped it, a person decides.
 */
export const jobRunStates = [
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
 * The ledger: one row per job, kept after Redis has forgotten it. A job is the triple of queue, BullMQ id and the time
 * it was queued: BullMQ counts its ids from 1 again after Redis was emptied.
 */
@Entity({ name: "job_runs" })
@Unique("job_runs_job_key", ["queue", "jobId", "queuedAt"])
@Index("idx_job_runs_state", ["state", "heartbeatAt"])
@Index("idx_job_runs_user_id", ["userId", "createdAt"])
@Index("idx_job_runs_created_at", ["createdAt"])
export class JobRun {
  @PrimaryColumn({ type: "uuid", primaryKeyConstraintName: "job_runs_pkey" })
  id!: string;

  @Column({ type: "varchar", length: 50 })
  queue!: string;

  @Column({ name: "job_id", type: "text" })
  jobId!: string;

  @Column({ name: "queued_at", type: "timestamptz" })
  queuedAt!: Date;

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

  /**
   * BullMQ's stall count at the last claim. A delivery of a finished job with a higher one is a worker that died between
   * the ledger and Redis; with the same one it is an operator who pressed retry.
   */
  @Column({ type: "integer", default: 0 })
  stalls!: number;

  /** Grows with every claim. A worker whose token is no longer current commits nothing. */
  @Column({ name: "fencing_token", type: "bigint" })
  fencingToken!: string;

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

  /** W3C traceparent of the producer. */
  @Column({ type: "text", nullable: true })
  traceparent!: string | null;

  @Column({ name: "created_at", type: "timestamptz", default: () => "now()" })
  createdAt!: Date;

  @Column({ name: "started_at", type: "timestamptz", nullable: true })
  startedAt!: Date | null;

  @Column({ name: "heartbeat_at", type: "timestamptz", nullable: true })
  heartbeatAt!: Date | null;

  @Column({ name: "finished_at", type: "timestamptz", nullable: true })
  finishedAt!: Date | null;
}
