import type { DataSource, EntityManager } from "typeorm";
import { type ManagedStatus, Resource } from "../entities/resource.ts";

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
