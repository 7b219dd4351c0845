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

/** How the last listing of a scope ended. `held`: it lost so many rows at once that a second look must confirm. */
export const scopeOutcomes = [
  "complete",
  "partial",
  "denied",
  "throttled",
  "skipped",
  "held",
] as const;
export type ScopeOutcome = (typeof scopeOutcomes)[number];

/** Freshness as data: one listing of one kind in one region of one account, and how it ended. */
@Entity({ name: "sync_scopes" })
@Unique("sync_scopes_identity_key", ["credentialId", "accountId", "region", "kind"])
@Index("idx_sync_scopes_user_id", ["userId"])
export class SyncScope {
  @PrimaryGeneratedColumn({ type: "integer", primaryKeyConstraintName: "sync_scopes_pkey" })
  id!: number;

  @Column({ name: "user_id", type: "integer" })
  userId!: number;

  @ManyToOne(() => User, { onDelete: "CASCADE", nullable: false })
  @JoinColumn({ name: "user_id", foreignKeyConstraintName: "sync_scopes_user_id_fkey" })
  user!: User;

  @Column({ name: "credential_id", type: "integer" })
  credentialId!: number;

  @ManyToOne(() => Credential, { onDelete: "CASCADE", nullable: false })
  @JoinColumn({ name: "credential_id", foreignKeyConstraintName: "sync_scopes_credential_id_fkey" })
  credential!: Credential;

  @Column({ name: "account_id", type: "text" })
  accountId!: string;

  @Column({ type: "varchar", length: 100 })
  region!: string;

  @Column({ type: "varchar", length: 100 })
  kind!: string;

  @Column({ type: "varchar", length: 20, nullable: true })
  outcome!: ScopeOutcome | null;

  /** Resources the last listing returned. */
  @Column({ type: "integer", default: 0 })
  resources!: number;

  @Column({ type: "integer", default: 0 })
  pages!: number;

  @Column({ name: "error_code", type: "varchar", length: 100, nullable: true })
  errorCode!: string | null;

  @Column({ name: "error_message", type: "text", nullable: true })
  errorMessage!: string | null;

  @Column({ name: "attempted_at", type: "timestamptz", nullable: true })
  attemptedAt!: Date | null;

  @Column({ name: "completed_at", type: "timestamptz", nullable: true })
  completedAt!: Date | null;

  /** The job that listed it last, until that job is done: if it is tried again, it goes on from here. */
  @Column({ name: "run_id", type: "uuid", nullable: true })
  runId!: string | null;

  /** Where that job goes on if the listing was cut short: the provider's token of the next page. */
  @Column({ type: "text", nullable: true })
  cursor!: string | null;

  /** When the listing began that the cursor continues; what it has confirmed so far was synced then or later. */
  @Column({ name: "cursor_since", type: "timestamptz", nullable: true })
  cursorSince!: Date | null;
}
