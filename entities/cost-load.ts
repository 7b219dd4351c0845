import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from "typeorm";
import { Credential } from "./credential.ts";
import { User } from "./user.ts";

/** `loaded` replaced what was there; `held` looked wrong (far smaller than before), so the old data stayed. */
export const costLoadStates = ["loaded", "held"] as const;
export type CostLoadState = (typeof costLoadStates)[number];

/** One snapshot of billing data that was read, with the proof that what was stored is what the source said. */
@Entity({ name: "cost_loads" })
@Index("idx_cost_loads_credential_id", ["credentialId", "loadedAt"])
@Index("idx_cost_loads_user_id", ["userId"])
export class CostLoad {
  @PrimaryGeneratedColumn({ type: "integer", primaryKeyConstraintName: "cost_loads_pkey" })
  id!: number;

  @Column({ name: "user_id", type: "integer" })
  userId!: number;

  @ManyToOne(() => User, { onDelete: "CASCADE", nullable: false })
  @JoinColumn({ name: "user_id", foreignKeyConstraintName: "cost_loads_user_id_fkey" })
  user!: User;

  @Column({ name: "credential_id", type: "integer" })
  credentialId!: number;

  @ManyToOne(() => Credential, { onDelete: "CASCADE", nullable: false })
  @JoinColumn({ name: "credential_id", foreignKeyConstraintName: "cost_loads_credential_id_fkey" })
  credential!: Credential;

  /** `focus-file` or `aws-cost-explorer`. */
  @Column({ type: "varchar", length: 50 })
  source!: string;

  /** SHA-256 of the file, or of the canonical answer of an API. The same version again changes nothing. */
  @Column({ name: "source_version", type: "text" })
  sourceVersion!: string;

  /** What the snapshot replaced: provider and billing period pairs, or a window of days. */
  @Column({ type: "jsonb" })
  scope!: Record<string, unknown>;

  @Column({ type: "varchar", length: 20 })
  state!: CostLoadState;

  /** Why a load is held, in words. */
  @Column({ type: "text", nullable: true })
  reason!: string | null;

  /** Rows written to `cost_data`. */
  @Column({ type: "integer" })
  rows!: number;

  /** Exact sum per currency, as the source states it and as stored: `{"USD":"20.52"}`. */
  @Column({ type: "jsonb" })
  totals!: Record<string, string>;

  @Column({ name: "loaded_at", type: "timestamptz", default: () => "now()" })
  loadedAt!: Date;
}
