import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Redis forgets finished jobs and can be lost; PostgreSQL keeps one row per job. The fencing token lets a worker that
 * lost its lock find out inside its own transaction that its effects must not be committed.
 */
export class JobRuns implements MigrationInterface {
  readonly name = "JobRuns1763856000005";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE job_runs (
      id UUID PRIMARY KEY,
      queue VARCHAR(50) NOT NULL,
      job_id TEXT NOT NULL,
      queued_at TIMESTAMPTZ NOT NULL,
      user_id INTEGER,
      credential_id INTEGER,
      resource_id INTEGER,
      state VARCHAR(20) NOT NULL,
      attempt INTEGER NOT NULL DEFAULT 0,
      starts INTEGER NOT NULL DEFAULT 0,
      crashes INTEGER NOT NULL DEFAULT 0,
      stalls INTEGER NOT NULL DEFAULT 0,
      fencing_token BIGINT NOT NULL,
      worker TEXT,
      payload JSONB,
      result JSONB,
      error_code VARCHAR(100),
      error_message TEXT,
      traceparent TEXT,
      created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
      started_at TIMESTAMPTZ,
      heartbeat_at TIMESTAMPTZ,
      finished_at TIMESTAMPTZ,
      CONSTRAINT job_runs_job_key UNIQUE (queue, job_id, queued_at)
    )`);
    await runner.query(`CREATE INDEX idx_job_runs_state ON job_runs(state, heartbeat_at)`);
    await runner.query(`CREATE INDEX idx_job_runs_user_id ON job_runs(user_id, created_at)`);
    await runner.query(`CREATE INDEX idx_job_runs_created_at ON job_runs(created_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE job_runs`);
  }
}
