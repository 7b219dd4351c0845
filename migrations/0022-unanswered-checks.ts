import type { MigrationInterface, QueryRunner } from "typeorm";

/** One check without an answer says little: the third in a row makes an error, so their number must be known. */
export class UnansweredChecks implements MigrationInterface {
  readonly name = "UnansweredChecks1763856000022";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE provider_health ADD COLUMN unanswered_checks INTEGER NOT NULL DEFAULT 0`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE provider_health DROP COLUMN unanswered_checks`);
  }
}
