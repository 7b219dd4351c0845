import { Column, Entity, PrimaryGeneratedColumn, Unique } from "typeorm";

/** An account of the platform. Written by the platform's own backend; we read it and, from the CLI, add to it. */
@Entity({ name: "users" })
@Unique("users_email_key", ["email"])
export class User {
  @PrimaryGeneratedColumn({ type: "integer", primaryKeyConstraintName: "users_pkey" })
  id!: number;

  @Column({ type: "varchar", length: 255 })
  email!: string;

  /** bcrypt. */
  @Column({ name: "hashed_password", type: "varchar", length: 255 })
  hashedPassword!: string;

  @Column({ name: "full_name", type: "varchar", length: 255, nullable: true })
  fullName!: string | null;

  @Column({ name: "created_at", type: "timestamp", default: () => "now()", nullable: true })
  createdAt!: Date | null;
}
