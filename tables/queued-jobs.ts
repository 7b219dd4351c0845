import type { DataSource, EntityManager } from "typeorm";

/** A valid job that has not been worked on. */
export interface QueuedJob {
  /** Together with the time it makes the job one of its kind: a row that is there already stays as it is. */
  jobId: string;
  queuedAt: Date;
  /** Not to be started before; null: at once. */
  runAt: Date | null;
  userId: number;
  credentialId: number | null;
  resourceId: number | null;
  idempotencyKey: string | null;
  traceparent: string | null;
  payload: unknown;
}

/** Enters jobs of one queue into the ledger as `queued` and returns the ids of the rows that are new. */
export async function addQueuedJobs(
  database: DataSource | EntityManager,
  queue: string,
  jobs: readonly QueuedJob[],
): Promise<string[]> {
  const rows: { id: string }[] = await database.query(
    `INSERT INTO job_runs (id, queue, job_id, queued_at, run_at, user_id, credential_id, resource_id, state,
                           fencing_token, payload, idempotency_key, traceparent)
     SELECT gen_random_uuid(), $1, f."jobId", f."queuedAt", f."runAt", f."userId", f."credentialId", f."resourceId",
            'queued', 0, f.payload, f."idempotencyKey", f.traceparent
     FROM jsonb_to_recordset($2) AS f(
       "jobId" TEXT, "queuedAt" TIMESTAMPTZ, "runAt" TIMESTAMPTZ, "userId" INTEGER, "credentialId" INTEGER,
       "resourceId" INTEGER, "idempotencyKey" TEXT, traceparent TEXT, payload JSONB)
     ON CONFLICT DO NOTHING RETURNING id`,
    [queue, JSON.stringify(jobs)],
  );
  return rows.map((row) => row.id);
}
