import type { DataSource } from "typeorm";
import type { QueueName } from "../../queues/contract.ts";
import { finalStates } from "../../tables/claims.ts";

/** What came of the jobs of one queue so far. */
export interface QueueResult {
  completed: number;
  failed: number;
  /** Rows that PostgreSQL holds because of them. */
  rows: number;
  /** From the first start to the last end, or to now. */
  seconds: number;
}

export type Results = Record<QueueName, QueueResult>;

/** A job that did not reach its goal. */
export interface FailedJob {
  queue: string;
  job_id: string;
  state: string;
  error_code: string | null;
  error_message: string | null;
}

const failedStates = finalStates.filter((state) => state !== "done");

const countJobs = `
  SELECT queue,
         count(*) FILTER (WHERE state = 'done')::int AS completed,
         count(*) FILTER (WHERE state = ANY($1))::int AS failed,
         round(extract(epoch FROM max(coalesce(finished_at, clock_timestamp())) - min(started_at)), 2)::float AS seconds
  FROM job_runs GROUP BY queue`;

const countRows = `
  SELECT (SELECT count(*) FROM resource_inventory)::int AS "sync",
         (SELECT count(*) FROM cost_data)::int AS "cost-ingest",
         (SELECT count(*) FROM provider_health)::int AS "health-check",
         (SELECT count(*) FROM terraform_states)::int AS "terraform-apply"`;

/** Reads what came of all jobs, from the ledger and the tables they write: Redis is not asked. */
export async function readResults(database: DataSource): Promise<Results> {
  const jobs: ({ queue: string } & QueueResult)[] = await database.query(countJobs, [failedStates]);
  const [rows]: Record<QueueName, number>[] = await database.query(countRows);
  const resultOf = (name: QueueName): QueueResult => {
    const found = jobs.find(({ queue }) => queue === name);
    const { completed = 0, failed = 0, seconds = 0 } = found ?? {};
    return { completed, failed, rows: rows?.[name] ?? 0, seconds };
  };
  return {
    sync: resultOf("sync"),
    "cost-ingest": resultOf("cost-ingest"),
    "health-check": resultOf("health-check"),
    "terraform-apply": resultOf("terraform-apply"),
  };
}

/** Jobs that ended without reaching their goal. */
export async function readFailedJobs(database: DataSource): Promise<FailedJob[]> {
  return database.query(
    `SELECT queue, job_id, state, error_code, error_message FROM job_runs
     WHERE state = ANY($1) ORDER BY finished_at`,
    [failedStates],
  );
}

/** What a health check found. */
export interface HealthCheck {
  /** `credentials.name`. */
  name: string;
  status: string;
  error_message: string | null;
}

/** The latest check of each credential. */
export async function readHealth(database: DataSource): Promise<HealthCheck[]> {
  return database.query(
    `SELECT DISTINCT ON (c.id) c.name, h.status, h.error_message
     FROM provider_health h JOIN credentials c ON c.id = h.credential_id ORDER BY c.id, h.last_check DESC`,
  );
}
