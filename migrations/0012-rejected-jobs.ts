import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Jobs that no worker can run are taken out of Redis and kept here until somebody repairs and repeats them: what they
 * looked like, and which job repeats them.
 */
export class RejectedJobs implements MigrationInterface {
  readonly name = "RejectedJobs1763856000012";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE job_runs ADD raw TEXT, ADD replayed_as TEXT, ADD replayed_at TIMESTAMPTZ`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE job_runs DROP raw, DROP replayed_as, DROP replayed_at`);
  }
}
