import { ingestCosts } from "./cost-ingest.ts";
import type { Handlers } from "./handler.ts";
import { checkHealth } from "./health-check.ts";
import { syncCredential } from "./sync.ts";
import { applyTerraform } from "./terraform-apply.ts";

/** The handler of each queue; a queue without one does not compile. */
export const handlers: Handlers = {
  sync: syncCredential,
  "cost-ingest": ingestCosts,
  "health-check": checkHealth,
  "terraform-apply": applyTerraform,
};
