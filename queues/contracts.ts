import type { JobContract, QueueName } from "./contract.ts";
import { type CostIngestPayload, costIngest } from "./cost-ingest.ts";
import { type HealthCheckPayload, healthCheck } from "./health-check.ts";
import { type SyncPayload, sync } from "./sync.ts";
import { type TerraformApplyPayload, terraformApply } from "./terraform-apply.ts";

/** The payload of each queue. */
export interface Payloads {
  sync: SyncPayload;
  "cost-ingest": CostIngestPayload;
  "health-check": HealthCheckPayload;
  "terraform-apply": TerraformApplyPayload;
}

/** Every contract by its queue. */
export const contracts: { [Name in QueueName]: JobContract<Payloads[Name]> } = {
  sync,
  "cost-ingest": costIngest,
  "health-check": healthCheck,
  "terraform-apply": terraformApply,
};
