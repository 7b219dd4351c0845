import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * When jobs are due is data that may be edited while schedulers run. Whoever edits a row, by whatever way, makes it a new
 * revision: its next slot is worked out anew, and slots before the edit are not owed.
 */
export class Schedules implements MigrationInterface {
  readonly name = "Schedules1763856000014";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE schedules (
      id SERIAL PRIMARY KEY,
      name VARCHAR(100) NOT NULL,
      queue VARCHAR(50) NOT NULL,
      cron VARCHAR(200) NOT NULL,
      time_zone VARCHAR(100) NOT NULL DEFAULT 'UTC',
      user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
      credential_id INTEGER REFERENCES credentials(id) ON DELETE CASCADE,
      payload JSONB NOT NULL DEFAULT '{}',
      misfire VARCHAR(20) NOT NULL DEFAULT 'once',
      catch_up INTEGER NOT NULL DEFAULT 1,
      is_enabled BOOLEAN NOT NULL DEFAULT TRUE,
      environment VARCHAR(200),
      revision INTEGER NOT NULL DEFAULT 1,
      effective_from TIMESTAMPTZ NOT NULL DEFAULT now(),
      last_slot TIMESTAMPTZ,
      next_slot TIMESTAMPTZ,
      problem TEXT,
      created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
      updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
      CONSTRAINT schedules_name_key UNIQUE (name)
    )`);
    await runner.query(`CREATE INDEX idx_schedules_next_slot ON schedules(next_slot)`);
    await runner.query(`CREATE INDEX idx_schedules_user_id ON schedules(user_id)`);
    await runner.query(`CREATE INDEX idx_schedules_credential_id ON schedules(credential_id)`);
    await runner.query(`CREATE FUNCTION revise_schedule() RETURNS TRIGGER LANGUAGE plpgsql AS $$
      BEGIN
        NEW.revision := OLD.revision + 1;
        NEW.updated_at := clock_timestamp();
        NEW.next_slot := NULL;
        NEW.problem := NULL;
        IF (NEW.cron, NEW.time_zone, NEW.is_enabled) IS DISTINCT FROM (OLD.cron, OLD.time_zone, OLD.is_enabled) THEN
          NEW.effective_from := clock_timestamp();
        END IF;
        RETURN NEW;
      END $$`);
    await runner.query(`CREATE TRIGGER schedules_revise
      BEFORE UPDATE OF name, queue, cron, time_zone, user_id, credential_id, payload, misfire, catch_up, is_enabled
      ON schedules FOR EACH ROW EXECUTE FUNCTION revise_schedule()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE schedules`);
    await runner.query(`DROP FUNCTION revise_schedule()`);
  }
}
