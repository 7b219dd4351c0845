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
}

/** Writes the last check of a credential; one row per credential. */
export async function writeProviderHealth(manager: EntityManager, row: HealthRow): Promise<void> {
  await manager.query(
    `INSERT INTO provider_health (user_id, credential_id, provider, status, response_time_ms, error_message, last_check)
     VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())
     ON CONFLICT (credential_id) DO UPDATE
     SET user_id = EXCLUDED.user_id, provider = EXCLUDED.provider, status = EXCLUDED.status,
         response_time_ms = EXCLUDED.response_time_ms, error_message = EXCLUDED.error_message,
         last_check = EXCLUDED.last_check`,
    [row.userId, row.credentialId, row.provider, row.status, row.responseTimeMs, row.errorMessage],
  );
}
