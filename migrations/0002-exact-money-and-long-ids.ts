import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Two decimal places turn most real billing lines into 0.00 (520 of 671 in the FOCUS sample), so cost becomes exact.
 * Clouds make ids and names longer than 255 characters (ARM ids, 256-character Name tags), so these become TEXT.
 * Going back rounds money and cuts long texts: it is for a schema that has not been used.
 */
export class ExactMoneyAndLongIds implements MigrationInterface {
  readonly name = "ExactMoneyAndLongIds1763856000002";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE cost_data ALTER COLUMN cost TYPE NUMERIC`);
    await runner.query(
      `ALTER TABLE cost_data ALTER COLUMN service TYPE TEXT, ALTER COLUMN resource_id TYPE TEXT`,
    );
    await runner.query(
      `ALTER TABLE resource_inventory ALTER COLUMN resource_id TYPE TEXT, ALTER COLUMN resource_name TYPE TEXT`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE resource_inventory ALTER COLUMN resource_id TYPE VARCHAR(255) USING left(resource_id, 255), ALTER COLUMN resource_name TYPE VARCHAR(255) USING left(resource_name, 255)`,
    );
    await runner.query(
      `ALTER TABLE cost_data ALTER COLUMN service TYPE VARCHAR(255) USING left(service, 255), ALTER COLUMN resource_id TYPE VARCHAR(255) USING left(resource_id, 255)`,
    );
    await runner.query(`ALTER TABLE cost_data ALTER COLUMN cost TYPE DECIMAL(10, 2)`);
  }
}
