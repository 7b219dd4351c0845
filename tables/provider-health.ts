import type { EntityManager } from "typeorm";
import type { HealthStatus } from "../entities/provider-health.ts";

/** One check as it is stored. */
export interface HealthRow {
  userId: number;
  credentialId: number;
  provider: string;
  status: HealthStatus;
  responseTimeMs: number | null;
  errorMessage: string | null;
  unansweredChecks: number;
}

/** What the last check of a credential left, or null before the first; locked until the transaction ends. */
export async function lockProviderHealth(
  manager: EntityManager,
  { userId, credentialId }: { userId: number; credentialId: number },
): Promise<Pick<HealthRow, "status" | "unansweredChecks"> | null> {
  const [row]: Pick<HealthRow, "status" | "unansweredChecks">[] = await manager.query(
    `SELECT status, unanswered_checks AS "unansweredChecks" FROM provider_health
     WHERE user_id = $1 AND credential_id = $2 FOR UPDATE`,
    [userId, credentialId],
  );
  return row ?? null;
}

/** Writes the last check of a credential; one row per credential. */
export async function writeProviderHealth(manager: EntityManager, row: HealthRow): Promise<void> {
  await manager.query(
    `INSERT INTO provider_health (user_id, credential_id, provider, status, response_time_ms, error_message,
                                  unanswered_checks, last_check)
     VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp())
     ON CONFLICT (credential_id) DO UPDATE
     SET user_id = EXCLUDED.user_id, provider = EXCLUDED.provider, status = EXCLUDED.status,
         response_time_ms = EXCLUDED.response_time_ms, error_message = EXCLUDED.error_message,
         unanswered_checks = EXCLUDED.unanswered_checks, last_check = EXCLUDED.last_check`,
    [
      row.userId,
      row.credentialId,
      row.provider,
      row.status,
      row.responseTimeMs,
      row.errorMessage,
      row.unansweredChecks,
    ],
  );
}
