import type { DataSource, EntityManager } from "typeorm";
import { type ManagedStatus, Resource } from "../entities/resource.ts";
import type { FanOutScope } from "./credentials.ts";

/** The resource if it belongs to the user, else null. */
export async function findResource(
  database: DataSource,
  userId: number,
  id: number,
): Promise<Resource | null> {
  return database.getRepository(Resource).findOneBy({ id, userId });
}

/** Changes the status of a resource and, where given, what Terraform said. */
export async function setResourceStatus(
  manager: EntityManager,
  id: number,
  status: ManagedStatus,
  terraformOutput?: Record<string, unknown>,
): Promise<void> {
  await manager.query(
    `UPDATE resources
     SET status = $2, updated_at = clock_timestamp(), terraform_output = coalesce($3, terraform_output)
     WHERE id = $1`,
    [id, status, terraformOutput === undefined ? null : JSON.stringify(terraformOutput)],
  );
}

/** What was shown before, to be added to: outputs of an earlier apply still hold after one that failed. */
const shownBefore = `CASE jsonb_typeof(terraform_output) WHEN 'object' THEN terraform_output ELSE '{}' END`;

/** Adds to what a resource shows of Terraform. */
export async function noteTerraformOutput(
  manager: EntityManager,
  id: number,
  added: Record<string, unknown>,
): Promise<void> {
  await manager.query(
    `UPDATE resources SET updated_at = clock_timestamp(), terraform_output = ${shownBefore} || $2::jsonb WHERE id = $1`,
    [id, JSON.stringify(added)],
  );
}

/**
 * Shows people which of the ended jobs did not reach their goal: the resource of such an apply or destroy says why, and one
 * that waited for it is `failed`; one that was there before and has not been touched stays what it is. Another apply or
 * destroy of it that has not ended decides instead. A malformed job, and one that is cancelled before it began, change
 * nothing. Belongs into the transaction that ends the jobs.
 */
export async function showFailedJobs(
  manager: EntityManager,
  jobRunIds: readonly string[],
): Promise<void> {
  // Of two jobs of a resource that end at once the later one has to see the end of the other.
  await manager.query(
    `SELECT 1 FROM resources
     WHERE id IN (SELECT resource_id FROM job_runs WHERE id = ANY($1) AND queue = 'terraform-apply')
     ORDER BY id FOR NO KEY UPDATE`,
    [jobRunIds],
  );
  await manager.query(
    `UPDATE resources r
     SET status = CASE WHEN r.status IN ('pending', 'provisioning', 'destroying') THEN 'failed' ELSE r.status END,
         updated_at = clock_timestamp(),
         terraform_output = ${shownBefore} || jsonb_build_object(
           'error', jsonb_build_object('code', j.error_code, 'message', j.error_message))
     FROM job_runs j
     WHERE j.id = ANY($1) AND j.queue = 'terraform-apply' AND j.payload ->> 'action' IN ('apply', 'destroy')
       AND j.state IN ('given-up', 'failed', 'held') AND r.id = j.resource_id AND r.user_id = j.user_id
       AND j.error_code NOT IN ('INVALID_PAYLOAD', 'UNSUPPORTED_VERSION')
       AND (j.error_code <> 'CANCELLED' OR r.status IN ('provisioning', 'destroying'))
       AND NOT EXISTS (
         SELECT 1 FROM job_runs o
         WHERE o.resource_id = r.id AND o.user_id = r.user_id AND o.queue = 'terraform-apply'
           AND o.payload ->> 'action' IN ('apply', 'destroy') AND o.finished_at IS NULL
       )`,
    [jobRunIds],
  );
}

/**
 * Keeps the credential that a resource is created with, unless it names one: in another account Terraform would find
 * nothing of what its state holds, and call it gone.
 */
export async function pinCredential(
  manager: EntityManager,
  id: number,
  credentialId: number,
): Promise<void> {
  await manager.query(
    "UPDATE resources SET credential_id = $2 WHERE id = $1 AND credential_id IS NULL",
    [id, credentialId],
  );
}

/**
 * Asks for the job that a resource waits for in vain. Returns how many were asked for; asking again changes nothing.
 *
 * One that is being provisioned or destroyed is owed its job unless an apply or destroy of it is under way or has ended
 * since its status was set: then it waits for a person. One that is `pending` is owed its apply if the ledger knows no job
 * of it at all, since whoever adds a resource asks for its job next; after a plan it is a draft. A row that is pending for
 * more than a day is older than any job that was lost, and applying it costs money.
 */
export async function requestOwedTerraformJobs(
  database: DataSource,
  { olderThanMs, pending }: { olderThanMs: number; pending: boolean },
): Promise<number> {
  const rows: unknown[] = await database.query(
    `SELECT enqueue_job(
       'terraform-apply',
       jsonb_build_object('userId', r.user_id, 'resourceId', r.id, 'action', wanted.action),
       format('resource-%s-%s-%s', r.id, r.status, extract(epoch FROM since.at))
     )
     FROM resources r,
       LATERAL (SELECT CASE r.status WHEN 'destroying' THEN 'destroy' ELSE 'apply' END AS action) wanted,
       LATERAL (SELECT coalesce(r.updated_at, r.created_at, 'epoch') AT TIME ZONE 'UTC' AS at) since
     WHERE since.at < clock_timestamp() - make_interval(secs => $1 / 1000.0)
       AND (
         r.status IN ('provisioning', 'destroying')
         OR ($2 AND r.status = 'pending' AND since.at > clock_timestamp() - interval '1 day')
       )
       AND NOT EXISTS (
         SELECT 1 FROM job_runs j
         WHERE j.resource_id = r.id AND j.user_id = r.user_id AND j.queue = 'terraform-apply'
           AND (
             r.status = 'pending'
             OR (j.payload ->> 'action' IN ('apply', 'destroy') AND (j.finished_at IS NULL OR j.finished_at >= since.at))
           )
       )`,
    [olderThanMs, pending],
  );
  return rows.length;
}

/** An active resource of any user, for fan-out. */
export interface ActiveResource {
  id: number;
  userId: number;
}

/** One page of active resources of all users, or of the scope, after the given id. */
export async function pageActiveResources(
  manager: EntityManager,
  afterId: number,
  limit: number,
  { userId, credentialId }: FanOutScope,
): Promise<ActiveResource[]> {
  return manager.query(
    `SELECT id, user_id AS "userId" FROM resources
     WHERE status = 'active' AND id > $1
       AND ($3::INTEGER IS NULL OR user_id = $3) AND ($4::INTEGER IS NULL OR credential_id = $4)
     ORDER BY id LIMIT $2`,
    [afterId, limit, userId, credentialId],
  );
}
