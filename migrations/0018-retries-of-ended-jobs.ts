import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * A job that has ended and is delivered again was either put back by an operator or came back by itself: with a Redis
 * that lost its last second, or because nobody could tell it how the job ended. Only the first one may run, so the ledger
 * remembers how often Redis had seen the job put back after its end.
 */
export class RetriesOfEndedJobs implements MigrationInterface {
  readonly name = "RetriesOfEndedJobs1763856000018";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE job_runs ADD retries INTEGER NOT NULL DEFAULT 0`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE job_runs DROP retries`);
  }
}
