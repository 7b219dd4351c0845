import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * A cost load counts only if its sum balances. Each load leaves a row with what it replaced and its exact totals; the
 * same source version again is recognised and changes nothing.
 */
export class CostLoads implements MigrationInterface {
  readonly name = "CostLoads1763856000006";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE cost_loads (
      id SERIAL PRIMARY KEY,
      user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
      credential_id INTEGER NOT NULL REFERENCES credentials(id) ON DELETE CASCADE,
      source VARCHAR(50) NOT NULL,
      source_version TEXT NOT NULL,
      scope JSONB NOT NULL,
      state VARCHAR(20) NOT NULL,
      reason TEXT,
      rows INTEGER NOT NULL,
      totals JSONB NOT NULL,
      loaded_at TIMESTAMPTZ NOT NULL DEFAULT now()
    )`);
    await runner.query(
      `CREATE INDEX idx_cost_loads_credential_id ON cost_loads(credential_id, loaded_at)`,
    );
    await runner.query(`CREATE INDEX idx_cost_loads_user_id ON cost_loads(user_id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE cost_loads`);
  }
}
