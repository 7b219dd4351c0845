import { z } from "zod";
import { commonFields, credentialId, day, type JobContract } from "./contract.ts";

const payload = z
  .object({
    ...commonFields,
    credentialId,
    start: day
      .optional()
      .describe("First day to read from a cost API; settled by look-back if absent."),
    end: day.optional().describe("Day after the last one to read; tomorrow (UTC) if absent."),
    force: z
      .boolean({ error: "expected true or false" })
      .optional()
      .describe(
        "Load again although the source has not changed, and accept a load that is suspiciously small.",
      ),
  })
  .refine((value) => !value.start || !value.end || value.start < value.end, {
    path: ["end"],
    error: "expected a day after start",
  });
export type CostIngestPayload = z.infer<typeof payload>;

/** Reads the billing data of one credential. */
export const costIngest: JobContract<CostIngestPayload> = {
  name: "cost-ingest",
  description: "Reads billing data of one credential.",
  payload,
  attempts: 5,
  backoff: { baseMs: 30_000, capMs: 60 * 60_000 },
  timeoutMs: 60 * 60_000,
  concurrency: 2,
};
