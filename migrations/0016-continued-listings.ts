import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * A listing that is throttled goes on where it stopped: its scope says which job it belongs to, where that job continues
 * and since when it is at it. Rows that other services wrote name no account; an index of their own, nearly empty,
 * finds the ones that a page turns out to be.
 */
export class ContinuedListings implements MigrationInterface {
  readonly name = "ContinuedListings1763856000016";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE sync_scopes ADD COLUMN run_id UUID, ADD COLUMN cursor TEXT, ADD COLUMN cursor_since TIMESTAMPTZ`,
    );
    await runner.query(
      `CREATE INDEX idx_resource_inventory_unclaimed ON resource_inventory(user_id, provider) WHERE account_id IS NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX idx_resource_inventory_unclaimed`);
    await runner.query(
      `ALTER TABLE sync_scopes DROP COLUMN cursor_since, DROP COLUMN cursor, DROP COLUMN run_id`,
    );
  }
}
