import { z } from "zod";
import { commonFields, type JobContract, resourceId } from "./contract.ts";

/** What a job may do with its resource. */
export const terraformActions = ["plan", "apply", "destroy", "drift"] as const;
export type TerraformAction = (typeof terraformActions)[number];

const payload = z.object({
  ...commonFields,
  resourceId,
  action: z
    .enum(terraformActions, { error: `expected one of ${terraformActions.join(", ")}` })
    .describe("What to do with the resource."),
});
export type TerraformApplyPayload = z.infer<typeof payload>;

/** Plans, applies or destroys one resource. */
export const terraformApply: JobContract<TerraformApplyPayload> = {
  name: "terraform-apply",
  description: "Plans, applies or destroys one resource with Terraform.",
  payload,
  attempts: 3,
  backoff: { baseMs: 10_000, capMs: 10 * 60_000 },
  timeoutMs: 90 * 60_000,
  concurrency: 2,
};
