import {
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  Unique,
} from "typeorm";
import { Resource } from "./resource.ts";

/** One version of a Terraform state. The state itself is sealed; only facts about it are readable. */
@Entity({ name: "terraform_states" })
@Unique("terraform_states_version_key", ["resourceId", "version"])
@Index("idx_terraform_states_resource_id", ["resourceId"])
export class TerraformState {
  @PrimaryGeneratedColumn({ type: "integer", primaryKeyConstraintName: "terraform_states_pkey" })
  id!: number;

  @Column({ name: "resource_id", type: "integer" })
  resourceId!: number;

  @ManyToOne(() => Resource, { onDelete: "CASCADE", nullable: false })
  @JoinColumn({
    name: "resource_id",
    foreignKeyConstraintName: "terraform_states_resource_id_fkey",
  })
  resource!: Resource;

  /** Envelope with serial, lineage, size, digest, kind and the sealed bytes: `tables/terraform-states.ts`. */
  @Column({ name: "state_data", type: "jsonb" })
  stateData!: Record<string, unknown>;

  /** Our own counter per resource: Terraform's serial is neither unique nor monotone over a resource's life. */
  @Column({ type: "integer", default: 1, nullable: true })
  version!: number | null;

  @Column({ name: "created_at", type: "timestamp", default: () => "now()", nullable: true })
  createdAt!: Date | null;
}
