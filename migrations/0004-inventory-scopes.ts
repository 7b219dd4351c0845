import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Two users, or two credentials of one user, may see one cloud account: a globally unique resource id would let one
 * user's sync take over another's row. Identity becomes unique per user, provider and account.
 * A resource may be taken for gone only by a complete listing of its own scope, so scopes get a table and rows say
 * which scope saw them. Going back fails while two users hold the same resource id: one of the rows must go first.
 */
export class InventoryScopes implements MigrationInterface {
  readonly name = "InventoryScopes1763856000004";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE sync_scopes (
      id SERIAL PRIMARY KEY,
      user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
      credential_id INTEGER NOT NULL REFERENCES credentials(id) ON DELETE CASCADE,
      account_id TEXT NOT NULL,
      region VARCHAR(100) NOT NULL,
      kind VARCHAR(100) NOT NULL,
      outcome VARCHAR(20),
      resources INTEGER NOT NULL DEFAULT 0,
      pages INTEGER NOT NULL DEFAULT 0,
      error_code VARCHAR(100),
      error_message TEXT,
      attempted_at TIMESTAMPTZ,
      completed_at TIMESTAMPTZ,
      CONSTRAINT sync_scopes_identity_key UNIQUE (credential_id, account_id, region, kind)
    )`);
    await runner.query(`CREATE INDEX idx_sync_scopes_user_id ON sync_scopes(user_id)`);
    await runner.query(
      `ALTER TABLE resource_inventory DROP CONSTRAINT resource_inventory_resource_id_key`,
    );
    await runner.query(
      `ALTER TABLE resource_inventory ADD CONSTRAINT resource_inventory_identity_key UNIQUE NULLS NOT DISTINCT (user_id, provider, account_id, resource_id)`,
    );
    await runner.query(
      `ALTER TABLE resource_inventory ADD COLUMN scope_id INTEGER CONSTRAINT resource_inventory_scope_id_fkey REFERENCES sync_scopes(id) ON DELETE SET NULL, ADD COLUMN content_hash TEXT, ADD COLUMN missing_since TIMESTAMP`,
    );
    await runner.query(
      `CREATE INDEX idx_resource_inventory_scope_id ON resource_inventory(scope_id)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE resource_inventory DROP COLUMN missing_since, DROP COLUMN content_hash, DROP COLUMN scope_id`,
    );
    await runner.query(
      `ALTER TABLE resource_inventory DROP CONSTRAINT resource_inventory_identity_key`,
    );
    await runner.query(
      `ALTER TABLE resource_inventory ADD CONSTRAINT resource_inventory_resource_id_key UNIQUE (resource_id)`,
    );
    await runner.query(`DROP TABLE sync_scopes`);
  }
}
