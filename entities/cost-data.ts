import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from "typeorm";
import { Credential } from "./credential.ts";
import { User } from "./user.ts";

/** Money per service, resource, day, billing period and currency. Decimals are strings, exact. */
@Entity({ name: "cost_data" })
@Index("idx_cost_data_user_id", ["userId"])
@Index("idx_cost_data_provider", ["provider"])
@Index("idx_cost_data_service", ["service"])
@Index("idx_cost_data_date", ["date"])
@Index("idx_cost_data_billing_period", ["billingPeriod"])
@Index("idx_cost_data_credential_id", ["credentialId"])
export class CostData {
  @PrimaryGeneratedColumn({ type: "integer", primaryKeyConstraintName: "cost_data_pkey" })
  id!: number;

  @Column({ name: "user_id", type: "integer" })
  userId!: number;

  @ManyToOne(() => User, { onDelete: "CASCADE", nullable: false })
  @JoinColumn({ name: "user_id", foreignKeyConstraintName: "cost_data_user_id_fkey" })
  user!: User;

  @Column({ type: "varchar", length: 50 })
  provider!: string;

  @Column({ type: "text", nullable: true })
  service!: string | null;

  @Column({ name: "resource_id", type: "text", nullable: true })
  resourceId!: string | null;

  @Column({ type: "numeric" })
  cost!: string;

  @Column({ type: "varchar", length: 10, default: "USD", nullable: true })
  currency!: string | null;

  @Column({ type: "date" })
  date!: string;

  /** `YYYY-MM`, the provider's, not derived from `date`. */
  @Column({ name: "billing_period", type: "varchar", length: 10, nullable: true })
  billingPeriod!: string | null;

  @Column({ type: "jsonb", nullable: true })
  metadata!: Record<string, unknown> | null;

  @Column({ name: "created_at", type: "timestamp", default: () => "now()", nullable: true })
  createdAt!: Date | null;

  @Column({ name: "credential_id", type: "integer", nullable: true })
  credentialId!: number | null;

  @ManyToOne(() => Credential, { onDelete: "SET NULL", nullable: true })
  @JoinColumn({ name: "credential_id", foreignKeyConstraintName: "cost_data_credential_id_fkey" })
  credential!: Credential | null;

  @Column({ name: "account_id", type: "text", nullable: true })
  accountId!: string | null;
}
