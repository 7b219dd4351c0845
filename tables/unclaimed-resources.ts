import type { EntityManager } from "typeorm";

/** How a resource of a page may be known to others. */
export interface Spelling {
  resourceId: string;
  /** The id as the provider spells it: `i-…` instead of an ARN, an ARM id in mixed case. */
  nativeId: string;
  resourceType: string;
}

/**
 * Takes over the rows that other services wrote for these resources: rows without an account, under the canonical id or
 * the provider's own. They keep their key and `created_at`; the rest is written when the page is compared. A resource
 * that has a row with account already takes over none.
 */
export async function adoptRows(
  manager: EntityManager,
  owner: { userId: number; provider: string; accountId: string },
  spellings: Spelling[],
): Promise<void> {
  const page = spellings.map(({ resourceId, nativeId, resourceType }) => ({
    resource_id: resourceId,
    native_id: nativeId,
    resource_type: resourceType,
  }));
  // As an array they are looked up in a hash, whatever the planner believes of the rows.
  const wanted = spellings.flatMap(({ resourceId, nativeId }) => [
    resourceId.toLowerCase(),
    nativeId.toLowerCase(),
  ]);
  await manager.query(
    `WITH unclaimed AS MATERIALIZED (
       SELECT id, lower(resource_id) AS spelling, resource_type FROM resource_inventory
       WHERE user_id = $1 AND provider = $2 AND account_id IS NULL AND lower(resource_id) = ANY($5::text[])
     ), adopted AS (
       SELECT DISTINCT ON (p.resource_id) p.resource_id, u.id
       FROM unclaimed u
       JOIN jsonb_to_recordset($4::jsonb) AS p(resource_id TEXT, native_id TEXT, resource_type TEXT)
         ON u.spelling IN (lower(p.resource_id), lower(p.native_id)) AND u.resource_type = p.resource_type
       WHERE NOT EXISTS (
         SELECT FROM resource_inventory i
         WHERE i.user_id = $1 AND i.provider = $2 AND i.account_id = $3 AND i.resource_id = p.resource_id
       )
       ORDER BY p.resource_id, u.id
     )
     UPDATE resource_inventory r SET account_id = $3, resource_id = a.resource_id, content_hash = NULL
     FROM adopted a WHERE r.id = a.id`,
    [owner.userId, owner.provider, owner.accountId, JSON.stringify(page), wanted],
  );
}
