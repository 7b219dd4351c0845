import {
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  Unique,
} from "typeorm";
import { Credential } from "./credential.ts";
import { User } from "./user.ts";

/** What a check may find. */
export const healthStatuses = ["healthy", "degraded", "error"] as const;
export type HealthStatus = (typeof healthStatuses)[number];

/** The last check of one credential against its provider: one row per credential. */
@Entity({ name: "provider_health" })
@Unique("provider_health_credential_id_key", ["credentialId"])
@Index("idx_provider_health_user_id", ["userId"])
@Index("idx_provider_health_provider", ["provider"])
@Index("idx_provider_health_last_check", ["lastCheck"])
export class ProviderHealth {
  @PrimaryGeneratedColumn({ type: "integer", primaryKeyConstraintName: "provider_health_pkey" })
  id!: number;

  @Column({ name: "user_id", type: "integer" })
  userId!: number;

  @ManyToOne(() => User, { onDelete: "CASCADE", nullable: false })
  @JoinColumn({ name: "user_id", foreignKeyConstraintName: "provider_health_user_id_fkey" })
  user!: User;

  @Column({ type: "varchar", length: 50 })
  provider!: string;

  @Column({ type: "varchar", length: 50 })
  status!: HealthStatus;

  /** Null when there was no answer. */
  @Column({ name: "response_time_ms", type: "integer", nullable: true })
  responseTimeMs!: number | null;

  @Column({ name: "error_message", type: "text", nullable: true })
  errorMessage!: string | null;

  @Column({ name: "last_check", type: "timestamp", default: () => "now()", nullable: true })
  lastCheck!: Date | null;

  @Column({ name: "credential_id", type: "integer", nullable: true })
  credentialId!: number | null;

  @ManyToOne(() => Credential, { onDelete: "CASCADE", nullable: true })
  @JoinColumn({
    name: "credential_id",
    foreignKeyConstraintName: "provider_health_credential_id_fkey",
  })
  credential!: Credential | null;

  /** Checks in a row without an answer; -1 after the first good one that followed. */
  @Column({ name: "unanswered_checks", type: "integer", default: 0 })
  unansweredChecks!: number;
}
