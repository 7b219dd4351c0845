import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from "typeorm";
import { Credential } from "./credential.ts";
import { User } from "./user.ts";

/** Statuses of schema.md §3.6. */
export const managedStatuses = [
  "pending",
  "provisioning",
  "active",
  "failed",
  "destroying",
  "destroyed",
] as const;
export type ManagedStatus = (typeof managedStatuses)[number];

/** Infrastructure that we create and destroy with Terraform. */
@Entity({ name: "resources" })
@Index("idx_resources_user_id", ["userId"])
@Index("idx_resources_status", ["status"])
export class Resource {
  @PrimaryGeneratedColumn({ type: "integer", primaryKeyConstraintName: "resources_pkey" })
  id!: number;

  @Column({ name: "user_id", type: "integer" })
  userId!: number;

  @ManyToOne(() => User, { onDelete: "CASCADE", nullable: false })
  @JoinColumn({ name: "user_id", foreignKeyConstraintName: "resources_user_id_fkey" })
  user!: User;

  @Column({ type: "varchar", length: 255 })
  name!: string;

  @Column({ type: "varchar", length: 50 })
  provider!: string;

  /** `vm`, `storage` or `network`. */
  @Column({ type: "varchar", length: 50 })
  type!: string;

  @Column({ type: "varchar", length: 50, default: "pending", nullable: true })
  status!: ManagedStatus | null;

  @Column({ type: "text", nullable: true })
  details!: string | null;

  /** Outputs of the module (never sensitive ones) and the tail of the log. */
  @Column({ name: "terraform_output", type: "jsonb", nullable: true })
  terraformOutput!: Record<string, unknown> | null;

  @Column({ name: "created_at", type: "timestamp", default: () => "now()", nullable: true })
  createdAt!: Date | null;

  @Column({ name: "updated_at", type: "timestamp", default: () => "now()", nullable: true })
  updatedAt!: Date | null;

  /** Wanted variables of the module, without secrets. */
  @Column({ type: "jsonb", default: () => "'{}'" })
  spec!: Record<string, unknown>;

  /** The credential to work with; null: the user's only active one of this provider. */
  @Column({ name: "credential_id", type: "integer", nullable: true })
  credentialId!: number | null;

  @ManyToOne(() => Credential, { onDelete: "SET NULL", nullable: true })
  @JoinColumn({ name: "credential_id", foreignKeyConstraintName: "resources_credential_id_fkey" })
  credential!: Credential | null;
}
