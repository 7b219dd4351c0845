import type { DataSource, EntityManager } from "typeorm";
import { Credential, type SecretColumn, secretColumns } from "../entities/credential.ts";

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

/** An active credential of any user, with what fan-out decides on. */
export interface ActiveCredential {
  id: number;
  userId: number;
  provider: string;
  /** `settings.cost` says where its billing data lies. */
  hasCostSource: boolean;
}

/** Whom a fan-out concerns: everything that is not null must match. */
export interface FanOutScope {
  userId: number | null;
  credentialId: number | null;
}

/** One page of active credentials of all users, or of the scope, after the given id, for fan-out. */
export async function pageActiveCredentials(
  manager: EntityManager,
  afterId: number,
  limit: number,
  { userId, credentialId }: FanOutScope = { userId: null, credentialId: null },
): Promise<ActiveCredential[]> {
  return manager.query(
    `SELECT id, user_id AS "userId", provider,
            coalesce(jsonb_typeof(settings -> 'cost') = 'object', FALSE) AS "hasCostSource"
     FROM credentials
     WHERE is_active AND id > $1 AND ($3::INTEGER IS NULL OR user_id = $3) AND ($4::INTEGER IS NULL OR id = $4)
     ORDER BY id LIMIT $2`,
    [afterId, limit, userId, credentialId],
  );
}

/** A credential before its secrets are sealed: they are bound to the id it gets. */
export interface NewCredential {
  userId: number;
  provider: string;
  name: string | null;
  projectId: string | null;
  region: string | null;
  settings: Record<string, unknown>;
}

/** Adds a credential and, in the same transaction, the secrets that `seal` makes for its id. Returns the id. */
export async function addCredential(
  database: DataSource,
  credential: NewCredential,
  seal: (id: number) => Partial<Record<SecretColumn, string>>,
): Promise<number> {
  return database.transaction(async (manager) => {
    const { id } = await manager.save(manager.create(Credential, credential));
    await writeSecrets(manager, id, seal(id));
    return id;
  });
}

/** Writes sealed secrets of one credential; columns that are not given stay as they are. */
export async function writeSecrets(
  manager: EntityManager,
  id: number,
  sealed: Partial<Record<SecretColumn, string>>,
): Promise<void> {
  const columns = secretColumns.filter((column) => sealed[column] !== undefined);
  if (columns.length === 0) return;
  const assignments = columns.map((column, index) => `${column} = $${index + 2}`).join(", ");
  const values = columns.map((column) => sealed[column]);
  await manager.query(`UPDATE credentials SET ${assignments} WHERE id = $1`, [id, ...values]);
}

/** One page of credentials after the given id with their sealed secrets, locked until the transaction ends. */
export async function lockSealedCredentials(
  manager: EntityManager,
  afterId: number,
  limit: number,
): Promise<({ id: number } & Record<SecretColumn, string | null>)[]> {
  return manager.query(
    `SELECT id, ${secretColumns.join(", ")} FROM credentials WHERE id > $1 ORDER BY id LIMIT $2 FOR NO KEY UPDATE`,
    [afterId, limit],
  );
}
