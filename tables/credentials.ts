import type { DataSource } from "typeorm";
import { Credential } from "../entities/credential.ts";

/** The credential if it belongs to the user, else null: another user's credential does not exist for this one. */
export async function findCredential(
  database: DataSource,
  userId: number,
  id: number,
): Promise<Credential | null> {
  return database.getRepository(Credential).findOneBy({ id, userId });
}

/** The user's active credentials of one provider, oldest first. */
export async function findActiveCredentials(
  database: DataSource,
  userId: number,
  provider: string,
): Promise<Credential[]> {
  return database
    .getRepository(Credential)
    .find({ where: { userId, provider, isActive: true }, order: { id: "ASC" } });
}

/** One page of active credentials of all users after the given id, for fan-out. */
export async function pageActiveCredentials(
  database: DataSource,
  afterId: number,
  limit: number,
): Promise<{ id: number; userId: number }[]> {
  const rows: { id: number; user_id: number }[] = await database.query(
    `SELECT id, user_id FROM credentials WHERE is_active AND id > $1 ORDER BY id LIMIT $2`,
    [afterId, limit],
  );
  return rows.map((row) => ({ id: row.id, userId: row.user_id }));
}
