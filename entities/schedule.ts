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

/** What becomes of slots that passed while no scheduler ran: none, the newest one, or the newest `catch_up` ones. */
export const misfirePolicies = ["skip", "once", "catch_up"] as const;
export type MisfirePolicy = (typeof misfirePolicies)[number];

/**
 * When jobs of one queue are due, and for whom. Editing a row makes it a new revision (a trigger sees to that), which
 * every scheduler takes up within a second.
 */
@Entity({ name: "schedules" })
@Unique("schedules_name_key", ["name"])
@Index("idx_schedules_next_slot", ["nextSlot"])
@Index("idx_schedules_user_id", ["userId"])
@Index("idx_schedules_credential_id", ["credentialId"])
export class Schedule {
  @PrimaryGeneratedColumn({ type: "integer", primaryKeyConstraintName: "schedules_pkey" })
  id!: number;

  @Column({ type: "varchar", length: 100 })
  name!: string;

  @Column({ type: "varchar", length: 50 })
  queue!: string;

  @Column({ type: "varchar", length: 200 })
  cron!: string;

  @Column({ name: "time_zone", type: "varchar", length: 100, default: "UTC" })
  timeZone!: string;

  /** Only for this user; for all users if null. */
  @Column({ name: "user_id", type: "integer", nullable: true })
  userId!: number | null;

  @ManyToOne(() => User, { onDelete: "CASCADE", nullable: true })
  @JoinColumn({ name: "user_id", foreignKeyConstraintName: "schedules_user_id_fkey" })
  user!: User | null;

  /** Only for this credential; for all of the user if null. */
  @Column({ name: "credential_id", type: "integer", nullable: true })
  credentialId!: number | null;

  @ManyToOne(() => Credential, { onDelete: "CASCADE", nullable: true })
  @JoinColumn({ name: "credential_id", foreignKeyConstraintName: "schedules_credential_id_fkey" })
  credential!: Credential | null;

  /** Fields of every payload besides the ids, such as `{"regions":["eu-west-1"]}`. */
  @Column({ type: "jsonb", default: () => "'{}'" })
  payload!: Record<string, unknown>;

  @Column({ type: "varchar", length: 20, default: "once" })
  misfire!: MisfirePolicy;

  @Column({ name: "catch_up", type: "integer", default: 1 })
  catchUp!: number;

  @Column({ name: "is_enabled", type: "boolean", default: true })
  isEnabled!: boolean;

  /** What the environment said when it was last applied to a default row: a cron expression or `off`. */
  @Column({ type: "varchar", length: 200, nullable: true })
  environment!: string | null;

  @Column({ type: "integer", default: 1 })
  revision!: number;

  /** Earlier slots are not owed: when the row was added, its times changed, or it was switched on. */
  @Column({ name: "effective_from", type: "timestamptz", default: () => "now()" })
  effectiveFrom!: Date;

  /** The newest slot whose jobs are in the ledger or, by its misfire policy, left out. */
  @Column({ name: "last_slot", type: "timestamptz", nullable: true })
  lastSlot!: Date | null;

  /** Null: to be worked out by the next scheduler that looks. */
  @Column({ name: "next_slot", type: "timestamptz", nullable: true })
  nextSlot!: Date | null;

  /** Why the row cannot be run as it is; nothing is enqueued until it is edited. */
  @Column({ type: "text", nullable: true })
  problem!: string | null;

  @Column({ name: "created_at", type: "timestamptz", default: () => "now()" })
  createdAt!: Date;

  @Column({ name: "updated_at", type: "timestamptz", default: () => "now()" })
  updatedAt!: Date;
}
