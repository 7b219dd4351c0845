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
import { SyncScope } from "./sync-scope.ts";
import { User } from "./user.ts";

/** A cloud resource as the last sync of its scope saw it. */
@Entity({ name: "resource_inventory" })
@Unique("resource_inventory_identity_key", ["userId", "provider", "accountId", "resourceId"])
@Index("idx_resource_inventory_user_id", ["userId"])
@Index("idx_resource_inventory_resource_type", ["resourceType"])
@Index("idx_resource_inventory_provider", ["provider"])
@Index("idx_resource_inventory_status", ["status"])
@Index("idx_resource_inventory_last_synced", ["lastSynced"])
@Index("idx_resource_inventory_scope_id", ["scopeId"])
@Index("idx_resource_inventory_credential_id", ["credentialId"])
@Index("idx_resource_inventory_unclaimed", ["userId", "provider"], { where: "account_id IS NULL" })
export class ResourceInventory {
  @PrimaryGeneratedColumn({ type: "integer", primaryKeyConstraintName: "resource_inventory_pkey" })
  id!: number;

  @Column({ name: "user_id", type: "integer" })
  userId!: number;

  @ManyToOne(() => User, { onDelete: "CASCADE", nullable: false })
  @JoinColumn({ name: "user_id", foreignKeyConstraintName: "resource_inventory_user_id_fkey" })
  user!: User;

  @Column({ name: "resource_id", type: "text" })
  resourceId!: string;

  @Column({ name: "resource_name", type: "text", nullable: true })
  resourceName!: string | null;

  /** `vm`, `storage` or `network`. */
  @Column({ name: "resource_type", type: "varchar", length: 50 })
  resourceType!: string;

  @Column({ type: "varchar", length: 50 })
  provider!: string;

  @Column({ type: "varchar", length: 100, nullable: true })
  region!: string | null;

  /** One vocabulary for all clouds: `providers/provider.ts`. */
  @Column({ type: "varchar", length: 50, nullable: true })
  status!: string | null;

  @Column({ type: "jsonb", nullable: true })
  metadata!: Record<string, unknown> | null;

  @Column({ name: "created_at", type: "timestamp", default: () => "now()", nullable: true })
  createdAt!: Date | null;

  @Column({ name: "last_synced", type: "timestamp", default: () => "now()", nullable: true })
  lastSynced!: Date | null;

  @Column({ name: "credential_id", type: "integer", nullable: true })
  credentialId!: number | null;

  @ManyToOne(() => Credential, { onDelete: "SET NULL", nullable: true })
  @JoinColumn({
    name: "credential_id",
    foreignKeyConstraintName: "resource_inventory_credential_id_fkey",
  })
  credential!: Credential | null;

  /** Account id, subscription id or project id as the provider said it. */
  @Column({ name: "account_id", type: "text", nullable: true })
  accountId!: string | null;

  /** The listing that saw this row last; only its complete listings may take the row for gone. */
  @Column({ name: "scope_id", type: "integer", nullable: true })
  scopeId!: number | null;

  @ManyToOne(() => SyncScope, { onDelete: "SET NULL", nullable: true })
  @JoinColumn({ name: "scope_id", foreignKeyConstraintName: "resource_inventory_scope_id_fkey" })
  scope!: SyncScope | null;

  /** Hash of everything a sync writes; equal hash means nothing to write. */
  @Column({ name: "content_hash", type: "text", nullable: true })
  contentHash!: string | null;

  /** When a complete listing first missed this row; the second miss removes it. */
  @Column({ name: "missing_since", type: "timestamp", nullable: true })
  missingSince!: Date | null;
}
