import type { Provider } from "../providers/provider.ts";
import type { CostIngestPayload } from "../queues/cost-ingest.ts";
import type { AuthorisedCredential } from "./authorise.ts";
import { type CostProvider, type CostSource, costExplorer, costWindow } from "./cost-source.ts";
import { GiveUpError } from "./errors.ts";
import { focusFile } from "./focus-source.ts";
import type { Services } from "./services.ts";

/**
 * The source that the credential's settings name; Cost Explorer for AWS credentials that name none. Throws GiveUpError
 * NO_COST_SOURCE when there is nothing to read, INVALID_PAYLOAD when the payload's days are none.
 */
export async function openCostSource(
  services: Services,
  credential: AuthorisedCredential,
  payload: CostIngestPayload,
  signal: AbortSignal,
): Promise<CostSource> {
  const { cost } = credential.settings;
  if (cost?.source === "focus-file") {
    return focusFile(services.costFilesDirectory, cost.path, signal);
  }
  const days = costWindow(payload, new Date());
  const provider = await services.openProvider(credential.cloud);
  if (hasCosts(provider)) return costExplorer(provider, days);
  provider.close();
  const problem = `credential ${credential.id} names no cost source; set settings.cost`;
  throw new GiveUpError("NO_COST_SOURCE", problem, "/credentialId");
}

function hasCosts(provider: Provider): provider is CostProvider {
  return "costs" in provider;
}
