import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * A job that another service wants is written in that service's own transaction, and reaches Redis afterwards: it
 * exists if and only if the transaction committed. The ledger knows such a job from then on, so that a Redis that was
 * emptied can be filled again. `job_requests` is what Redis has not been told yet.
 */
export class JobRequests implements MigrationInterface {
  readonly name = "JobRequests1763856000008";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE job_runs
      ADD COLUMN idempotency_key VARCHAR(200),
      ADD COLUMN run_at TIMESTAMPTZ,
      ADD COLUMN claimed_as TEXT`);
    // Keys are chosen by users' software: one user's key must neither block nor reveal another user's job.
    await runner.query(`CREATE UNIQUE INDEX job_runs_idempotency_key
      ON job_runs(queue, user_id, idempotency_key) WHERE idempotency_key IS NOT NULL`);
    await runner.query(`CREATE INDEX idx_job_runs_unfinished
      ON job_runs(id) WHERE state IN ('queued', 'running', 'retrying', 'handed-back')`);
    await runner.query(`CREATE INDEX idx_job_runs_resource_id
      ON job_runs(resource_id) WHERE resource_id IS NOT NULL`);
    await runner.query(`CREATE INDEX idx_job_runs_finished_at ON job_runs(finished_at)`);
    await runner.query(`CREATE TABLE job_requests (
      id UUID PRIMARY KEY REFERENCES job_runs(id) ON DELETE CASCADE,
      created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
      sent_at TIMESTAMPTZ
    )`);
    await runner.query(`CREATE INDEX idx_job_requests_unsent
      ON job_requests(created_at) WHERE sent_at IS NULL`);
    await runner.query(enqueueJob);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP FUNCTION enqueue_job(TEXT, JSONB, TEXT, TIMESTAMPTZ)`);
    await runner.query(`DROP TABLE job_requests`);
    // Earlier code knows neither state: a job that never started is one that waits for its first attempt.
    await runner.query(`UPDATE job_runs SET state = 'retrying' WHERE state = 'queued'`);
    await runner.query(`UPDATE job_runs SET state = 'given-up' WHERE state = 'rejected'`);
    await runner.query(`DROP INDEX idx_job_runs_finished_at`);
    await runner.query(`DROP INDEX idx_job_runs_resource_id`);
    await runner.query(`DROP INDEX idx_job_runs_unfinished`);
    await runner.query(`ALTER TABLE job_runs
      DROP COLUMN claimed_as, DROP COLUMN run_at, DROP COLUMN idempotency_key`);
  }
}

/** In a path, `strict` keeps an array of one number from passing as that number. */
const positiveInteger = '(@.type() == "number" && @ >= 1 && @ <= 2147483647 && @.floor() == @)';

const enqueueJob = `CREATE FUNCTION enqueue_job(
  queue TEXT, payload JSONB, idempotency_key TEXT DEFAULT NULL, run_at TIMESTAMPTZ DEFAULT now()
) RETURNS UUID LANGUAGE plpgsql AS $function$
DECLARE
  key TEXT := coalesce(idempotency_key, payload ->> 'idempotencyKey');
  start TIMESTAMPTZ := coalesce(run_at, now());
  problem TEXT;
  fix TEXT;
  job UUID;
BEGIN
  IF queue IS NULL OR queue NOT IN ('sync', 'cost-ingest', 'health-check', 'terraform-apply') THEN
    problem := format('queue: there is no queue %L', queue);
    fix := 'Use sync, cost-ingest, health-check or terraform-apply.';
  ELSIF payload IS NULL OR jsonb_typeof(payload) <> 'object' THEN
    problem := 'payload: expected a JSON object';
    fix := 'Pass an object such as {"userId": 1, "credentialId": 7}, not text that holds one.';
  ELSIF octet_length(payload::TEXT) > 65536 THEN
    problem := format('payload: %s bytes are too many', octet_length(payload::TEXT));
    fix := 'Keep it below 64 kB; refer to data by its id.';
  ELSIF payload ? 'v' AND payload -> 'v' <> '1' THEN
    problem := format('payload /v: version %s is not supported', payload -> 'v');
    fix := 'Leave it out, or pass the number 1.';
  ELSIF (payload @? 'strict $.userId ? ${positiveInteger}') IS NOT TRUE THEN
    problem := 'payload /userId: expected a positive integer';
    fix := 'Pass users.id of the user the job works for, as a number.';
  ELSIF queue <> 'terraform-apply' AND (payload @? 'strict $.credentialId ? ${positiveInteger}') IS NOT TRUE THEN
    problem := 'payload /credentialId: expected a positive integer';
    fix := 'Pass credentials.id of one of the user''s credentials, as a number.';
  ELSIF queue = 'terraform-apply' AND (payload @? 'strict $.resourceId ? ${positiveInteger}') IS NOT TRUE THEN
    problem := 'payload /resourceId: expected a positive integer';
    fix := 'Pass resources.id of one of the user''s resources, as a number.';
  ELSIF queue = 'terraform-apply'
    AND (payload @? 'strict $.action ? (@ == "plan" || @ == "apply" || @ == "destroy" || @ == "drift")') IS NOT TRUE THEN
    problem := 'payload /action: expected one of plan, apply, destroy, drift';
    fix := 'Say what to do with the resource.';
  ELSIF key IS NOT NULL AND length(key) NOT BETWEEN 1 AND 200 THEN
    problem := format('idempotency_key: expected 1 to 200 characters, not %s', length(key));
    fix := 'Use a shorter name of what is wanted, such as a UUID, or NULL for none.';
  ELSIF key ~ '[[:cntrl:]]' THEN
    problem := 'idempotency_key: expected no control characters';
    fix := 'Use a name of what is wanted in one line, such as a UUID.';
  ELSIF payload ? 'idempotencyKey' AND payload -> 'idempotencyKey' IS DISTINCT FROM to_jsonb(key) THEN
    problem := 'idempotency_key: the payload has another one in /idempotencyKey';
    fix := 'Pass one of the two, as text.';
  ELSIF start NOT BETWEEN now() - INTERVAL '10 years' AND now() + INTERVAL '1 year' THEN
    problem := format('run_at: %s is out of range', start);
    fix := 'Pass a time within the next year, or leave it out to start at once.';
  END IF;
  IF problem IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'enqueue_job: ' || problem, HINT = fix;
  END IF;
  IF key IS NOT NULL THEN
    payload := payload || jsonb_build_object('idempotencyKey', key);
  END IF;
  LOOP
    job := gen_random_uuid();
    INSERT INTO job_runs (id, queue, job_id, queued_at, run_at, user_id, credential_id, resource_id, state,
                          fencing_token, payload, idempotency_key, traceparent)
    VALUES (job, enqueue_job.queue, job::TEXT, date_trunc('milliseconds', clock_timestamp()), start,
            (payload ->> 'userId')::NUMERIC::INTEGER,
            CASE WHEN enqueue_job.queue <> 'terraform-apply' THEN (payload ->> 'credentialId')::NUMERIC::INTEGER END,
            CASE WHEN enqueue_job.queue = 'terraform-apply' THEN (payload ->> 'resourceId')::NUMERIC::INTEGER END,
            'queued', 0, enqueue_job.payload, key, left(payload ->> 'traceparent', 100))
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
      INSERT INTO job_requests (id) VALUES (job);
      PERFORM pg_notify('job_requests', '');
      RETURN job;
    END IF;
    SELECT r.id INTO job FROM job_runs r
    WHERE r.queue = enqueue_job.queue AND r.user_id = (enqueue_job.payload ->> 'userId')::NUMERIC::INTEGER
      AND r.idempotency_key = key;
    -- Not found: the ledger forgot the first job just now, by its age. Then this is the first one.
    IF FOUND THEN
      RETURN job;
    END IF;
  END LOOP;
END
$function$`;
