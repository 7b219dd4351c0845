import { InitialSchema } from "./0001-initial-schema.ts";
import { ExactMoneyAndLongIds } from "./0002-exact-money-and-long-ids.ts";
import { CredentialOfEveryRow } from "./0003-credential-of-every-row.ts";
import { InventoryScopes } from "./0004-inventory-scopes.ts";
import { JobRuns } from "./0005-job-runs.ts";
import { CostLoads } from "./0006-cost-loads.ts";
import { TerraformRuns } from "./0007-terraform-runs.ts";
import { JobRequests } from "./0008-job-requests.ts";
import { RejectedJobs } from "./0012-rejected-jobs.ts";
import { Schedules } from "./0014-schedules.ts";
import { ContinuedListings } from "./0016-continued-listings.ts";
import { RetriesOfEndedJobs } from "./0018-retries-of-ended-jobs.ts";
import { UnansweredChecks } from "./0022-unanswered-checks.ts";

/** Every step, oldest first. A step that has been released is never edited. */
export const migrations = [
  InitialSchema,
  ExactMoneyAndLongIds,
  CredentialOfEveryRow,
  InventoryScopes,
  JobRuns,
  CostLoads,
  TerraformRuns,
  JobRequests,
  RejectedJobs,
  Schedules,
  ContinuedListings,
  RetriesOfEndedJobs,
  UnansweredChecks,
];
