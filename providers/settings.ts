import { z } from "zod";

const names = z.array(z.string().min(1));

/** Where the billing data of a credential comes from. */
const costSource = z.discriminatedUnion("source", [
  z.object({
    source: z.literal("focus-file"),
    /** Relative to the operator's `COST_FILES_DIR`. */
    path: z.string().min(1),
  }),
  z.object({ source: z.literal("aws-cost-explorer") }),
]);

/**
 * Not secret, set by the user: what of the account to read and how (column `credentials.settings`). Fields we do not
 * know are left alone: other services keep theirs there too.
 */
export const credentialSettings = z.object({
  /** Only these regions are listed; all discovered ones otherwise. */
  regions: names.optional(),
  /** GCP: project ids to list besides the credential's own. */
  projects: names.optional(),
  cost: costSource.optional(),
});
export type CredentialSettings = z.infer<typeof credentialSettings>;
