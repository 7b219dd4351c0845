import { Column, Entity, Index, JoinColumn, OneToOne, PrimaryColumn } from "typeorm";
import { JobRun } from "./job-run.ts";

/** The outbox: jobs that `enqueue_job` wrote into the ledger and that have to be brought to Redis. */
@Entity({ name: "job_requests" })
@Index("idx_job_requests_unsent", ["createdAt"], { where: "sent_at IS NULL" })
export class JobRequest {
  /** The ledger row of the job, and the id of the job in Redis. */
  @PrimaryColumn({ type: "uuid", primaryKeyConstraintName: "job_requests_pkey" })
  id!: string;

  @OneToOne(() => JobRun, { onDelete: "CASCADE", nullable: false })
  @JoinColumn({ name: "id", foreignKeyConstraintName: "job_requests_id_fkey" })
  run!: JobRun;

  @Column({ name: "created_at", type: "timestamptz", default: () => "now()" })
  createdAt!: Date;

  /** When Redis had it; null: not yet. */
  @Column({ name: "sent_at", type: "timestamptz", nullable: true })
  sentAt!: Date | null;
}
