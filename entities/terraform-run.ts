import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from "typeorm";
import { Resource } from "./resource.ts";

/** How a run stands or ended; `unknown`: nobody can say what it did. */
export const terraformRunStates = [
  "running",
  "applied",
  "destroyed",
  "planned",
  "failed",
  "unknown",
] as const;
export type TerraformRunState = (typeof terraformRunStates)[number];

/** One run of the terraform binary for one resource, and where its process and files are, so that it can be adopted. */
@Entity({ name: "terraform_runs" })
@Index("idx_terraform_runs_resource_id", ["resourceId", "startedAt"])
@Index("idx_terraform_runs_state", ["state"])
export class TerraformRun {
  @PrimaryColumn({ type: "uuid", primaryKeyConstraintName: "terraform_runs_pkey" })
  id!: string;

  @Column({ name: "resource_id", type: "integer" })
  resourceId!: number;

  @ManyToOne(() => Resource, { onDelete: "CASCADE", nullable: false })
  @JoinColumn({ name: "resource_id", foreignKeyConstraintName: "terraform_runs_resource_id_fkey" })
  resource!: Resource;

  /** The ledger row (`job_runs.id`) this run belongs to. */
  @Column({ name: "job_run_id", type: "uuid" })
  jobRunId!: string;

  /** `plan`, `apply`, `destroy` or `drift`. */
  @Column({ type: "varchar", length: 20 })
  action!: string;

  @Column({ type: "varchar", length: 20 })
  state!: TerraformRunState;

  /** `preparing`, `initializing`, `planning`, `applying`, `persisting`. */
  @Column({ type: "varchar", length: 20 })
  stage!: string;

  @Column({ type: "integer", default: 0 })
  percent!: number;

  /** Host, pid, start time of the process and the run's directory: enough to find it again from another worker. */
  @Column({ type: "jsonb", nullable: true })
  process!: Record<string, unknown> | null;

  /** Counts of the plan: `{"add":1,"change":0,"remove":0}`. */
  @Column({ type: "jsonb", nullable: true })
  plan!: Record<string, unknown> | null;

  @Column({ name: "error_message", type: "text", nullable: true })
  errorMessage!: string | null;

  @Column({ name: "started_at", type: "timestamptz", default: () => "now()" })
  startedAt!: Date;

  @Column({ name: "finished_at", type: "timestamptz", nullable: true })
  finishedAt!: Date | null;
}
