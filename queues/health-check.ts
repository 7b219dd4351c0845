import { z } from "zod";
import { commonFields, credentialId, type JobContract } from "./contract.ts";

const payload = z.object({ ...commonFields, credentialId });
export type HealthCheckPayload = z.infer<typeof payload>;

/** Checks the provider API of one credential. */
export const healthCheck: JobContract<HealthCheckPayload> = {
  name: "health-check",
  description: "Checks one credential's provider API.",
  payload,
  attempts: 3,
  backoff: { baseMs: 2_000, capMs: 60_000 },
  timeoutMs: 60_000,
  concurrency: 16,
};
