import { CostData } from "./cost-data.ts";
import { CostLoad } from "./cost-load.ts";
import { Credential } from "./credential.ts";
import { JobRequest } from "./job-request.ts";
import { JobRun } from "./job-run.ts";
import { ProviderHealth } from "./provider-health.ts";
import { Resource } from "./resource.ts";
import { ResourceInventory } from "./resource-inventory.ts";
import { Schedule } from "./schedule.ts";
import { SyncScope } from "./sync-scope.ts";
import { TerraformRun } from "./terraform-run.ts";
import { TerraformState } from "./terraform-state.ts";
import { User } from "./user.ts";

/** Every table, for the data source. */
export const entities = [
  CostData,
  CostLoad,
  Credential,
  JobRequest,
  JobRun,
  ProviderHealth,
  Resource,
  ResourceInventory,
  Schedule,
  SyncScope,
  TerraformRun,
  TerraformState,
  User,
];
