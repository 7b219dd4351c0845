import type { DataSource } from "typeorm";

/** Columns of a credential that matters to fan-out. */
export interface NewCredential {
  provider?: string;
  isActive?: boolean | null;
  settings?: unknown;
}

/** Adds a user with credentials (without secrets) and returns their ids in order. */
export async function addCredentials(
  database: DataSource,
  credentials: readonly NewCredential[],
): Promise<number[]> {
  const rows: { id: number }[] = await database.query(
    `WITH owner AS (
       INSERT INTO users (email, hashed_password)
       VALUES (gen_random_uuid() || '@example.com', 'x') RETURNING id
     )
     INSERT INTO credentials (user_id, provider, is_active, settings)
     SELECT owner.id, value ->> 'provider', (value ->> 'isActive')::boolean, value -> 'settings'
     FROM owner, jsonb_array_elements($1) WITH ORDINALITY AS given (value, place) ORDER BY place
     RETURNING id`,
    [
      JSON.stringify(
        credentials.map(({ provider = "aws", isActive = true, settings = {} }) => ({
          provider,
          isActive,
          settings,
        })),
      ),
    ],
  );
  return rows.map((row) => row.id);
}
