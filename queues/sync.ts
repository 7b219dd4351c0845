import { z } from "zod";
import { commonFields, credentialId, type JobContract, names } from "./contract.ts";

const payload = z.object({
  ...commonFields,
  credentialId,
  regions: names.optional().describe("Only these regions; all of the account otherwise."),
  kinds: names.optional().describe("Only these kinds, such as ec2:instance; all otherwise."),
});
export type SyncPayload = z.infer<typeof payload>;

/** Discovers the VMs, storage and networks of one credential. */
export const sync: JobContract<SyncPayload> = {
  name: "sync",
  description: "Discovers VMs, storage and networks of one credential.",
  payload,
  attempts: 5,
  backoff: { baseMs: 5_000, capMs: 10 * 60_000 },
  timeoutMs: 60 * 60_000,
  concurrency: 4,
};
