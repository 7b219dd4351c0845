import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * A terraform process outlives the worker that started it. Its run row says where it is (host, pid, start time,
 * directory), so that the next worker adopts it instead of applying a second time. State versions are unique per
 * resource: two writers cannot both believe that theirs is the latest. Whoever relied on the default stored every state
 * of a resource as version 1; the states of such a resource are numbered anew, by version and then by age, which going
 * back does not undo.
 */
export class TerraformRuns implements MigrationInterface {
  readonly name = "TerraformRuns1763856000007";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE terraform_runs (
      id UUID PRIMARY KEY,
      resource_id INTEGER NOT NULL REFERENCES resources(id) ON DELETE CASCADE,
      job_run_id UUID NOT NULL,
      action VARCHAR(20) NOT NULL,
      state VARCHAR(20) NOT NULL,
      stage VARCHAR(20) NOT NULL,
      percent INTEGER NOT NULL DEFAULT 0,
      process JSONB,
      plan JSONB,
      error_message TEXT,
      started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
      finished_at TIMESTAMPTZ
    )`);
    await runner.query(
      `CREATE INDEX idx_terraform_runs_resource_id ON terraform_runs(resource_id, started_at)`,
    );
    await runner.query(`CREATE INDEX idx_terraform_runs_state ON terraform_runs(state)`);
    await runner.query(`UPDATE terraform_states SET version = numbered.version
      FROM (
        SELECT id, row_number() OVER (PARTITION BY resource_id ORDER BY version NULLS FIRST, id) AS version
        FROM terraform_states
        WHERE resource_id IN (
          SELECT resource_id FROM terraform_states GROUP BY resource_id HAVING count(*) > count(DISTINCT version)
        )
      ) AS numbered
      WHERE numbered.id = terraform_states.id`);
    await runner.query(
      `ALTER TABLE terraform_states ADD CONSTRAINT terraform_states_version_key UNIQUE (resource_id, version)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE terraform_states DROP CONSTRAINT terraform_states_version_key`);
    await runner.query(`DROP TABLE terraform_runs`);
  }
}
