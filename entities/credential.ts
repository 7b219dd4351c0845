import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from "typeorm";
import { User } from "./user.ts";

/** Columns of `credentials` that hold sealed secrets (schema.md §3.2 "Encrypted …"). */
export const secretColumns = [
  "access_key",
  "secret_key",
  "tenant_id",
  "client_id",
  "client_secret",
  "subscription_id",
  "service_account_json",
] as const;
export type SecretColumn = (typeof secretColumns)[number];

/** How we reach one cloud account of one user. Secrets are sealed envelopes or Fernet tokens, never clear text. */
@Entity({ name: "credentials" })
@Index("idx_credentials_user_id", ["userId"])
@Index("idx_credentials_provider", ["provider"])
export class Credential {
  @PrimaryGeneratedColumn({ type: "integer", primaryKeyConstraintName: "credentials_pkey" })
  id!: number;

  @Column({ name: "user_id", type: "integer" })
  userId!: number;

  @ManyToOne(() => User, { onDelete: "CASCADE", nullable: false })
  @JoinColumn({ name: "user_id", foreignKeyConstraintName: "credentials_user_id_fkey" })
  user!: User;

  /** `aws`, `azure` or `gcp`. */
  @Column({ type: "varchar", length: 50 })
  provider!: string;

  @Column({ type: "varchar", length: 255, nullable: true })
  name!: string | null;

  @Column({ name: "access_key", type: "text", nullable: true })
  accessKey!: string | null;

  @Column({ name: "secret_key", type: "text", nullable: true })
  secretKey!: string | null;

  @Column({ name: "tenant_id", type: "text", nullable: true })
  tenantId!: string | null;

  @Column({ name: "client_id", type: "text", nullable: true })
  clientId!: string | null;

  @Column({ name: "client_secret", type: "text", nullable: true })
  clientSecret!: string | null;

  @Column({ name: "subscription_id", type: "text", nullable: true })
  subscriptionId!: string | null;

  @Column({ name: "service_account_json", type: "text", nullable: true })
  serviceAccountJson!: string | null;

  @Column({ name: "project_id", type: "varchar", length: 255, nullable: true })
  projectId!: string | null;

  @Column({ type: "varchar", length: 100, nullable: true })
  region!: string | null;

  @Column({ name: "is_active", type: "boolean", default: true, nullable: true })
  isActive!: boolean | null;

  @Column({ name: "created_at", type: "timestamp", default: () => "now()", nullable: true })
  createdAt!: Date | null;

  /** Not secret: regions to list, where cost files lie. Shape: `providers/settings.ts`. */
  @Column({ type: "jsonb", default: () => "'{}'" })
  settings!: Record<string, unknown>;
}
