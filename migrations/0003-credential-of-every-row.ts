import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * A user may connect several accounts of one cloud, so every row says through which credential it came, and settings
 * that are not secret (regions, where cost files lie, wanted variables) get a place.
 * `provider_health` keeps one row per credential.
 */
export class CredentialOfEveryRow implements MigrationInterface {
  readonly name = "CredentialOfEveryRow1763856000003";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE credentials ADD COLUMN settings JSONB NOT NULL DEFAULT '{}'`);
    await runner.query(
      `ALTER TABLE resource_inventory ADD COLUMN credential_id INTEGER CONSTRAINT resource_inventory_credential_id_fkey REFERENCES credentials(id) ON DELETE SET NULL, ADD COLUMN account_id TEXT`,
    );
    await runner.query(
      `CREATE INDEX idx_resource_inventory_credential_id ON resource_inventory(credential_id)`,
    );
    await runner.query(
      `ALTER TABLE cost_data ADD COLUMN credential_id INTEGER CONSTRAINT cost_data_credential_id_fkey REFERENCES credentials(id) ON DELETE SET NULL, ADD COLUMN account_id TEXT`,
    );
    await runner.query(`CREATE INDEX idx_cost_data_credential_id ON cost_data(credential_id)`);
    await runner.query(
      `ALTER TABLE provider_health ADD COLUMN credential_id INTEGER CONSTRAINT provider_health_credential_id_fkey REFERENCES credentials(id) ON DELETE CASCADE`,
    );
    await runner.query(
      `ALTER TABLE provider_health ADD CONSTRAINT provider_health_credential_id_key UNIQUE (credential_id)`,
    );
    await runner.query(
      `ALTER TABLE resources ADD COLUMN spec JSONB NOT NULL DEFAULT '{}', ADD COLUMN credential_id INTEGER CONSTRAINT resources_credential_id_fkey REFERENCES credentials(id) ON DELETE SET NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE resources DROP COLUMN credential_id, DROP COLUMN spec`);
    await runner.query(`ALTER TABLE provider_health DROP COLUMN credential_id`);
    await runner.query(`ALTER TABLE cost_data DROP COLUMN account_id, DROP COLUMN credential_id`);
    await runner.query(
      `ALTER TABLE resource_inventory DROP COLUMN account_id, DROP COLUMN credential_id`,
    );
    await runner.query(`ALTER TABLE credentials DROP COLUMN settings`);
  }
}
