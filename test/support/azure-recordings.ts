import { existsSync, readFileSync } from "node:fs";
import { generateSubscription } from "../../local/clouds/azure/generate.ts";
import type { SimulatedResource } from "../../local/clouds/azure/state.ts";
import { azureClient, azureSubscription, azureTenant } from "./azure.ts";

/** Bodies as Azure answers them. */
export interface AzureBodies {
  /** Whether they are recordings of real answers; generated ones of the same shape otherwise. */
  recorded: boolean;
  resources: SimulatedResource[];
  errors: { status: number; body: { error: { code: string; message: string } } }[];
}

const recordings = new URL("../../../shared/data/clouds/azure.json", import.meta.url);

/** Reads the recordings beside the repository, in place; generates bodies where there are none. */
export function readAzureBodies(): AzureBodies {
  if (!existsSync(recordings)) return generatedBodies();
  const { resources, errors }: RecordingFile = JSON.parse(readFileSync(recordings, "utf8"));
  return { recorded: true, resources: Object.values(resources).flat(), errors };
}

interface RecordingFile {
  resources: Record<string, SimulatedResource[]>;
  errors: AzureBodies["errors"];
}

function generatedBodies(): AzureBodies {
  const { resources } = generateSubscription({
    seed: 7,
    resources: 90,
    subscriptionId: azureSubscription,
    tenantId: azureTenant,
    displayName: "Generated",
    readers: [azureClient],
  });
  const codes: [number, string][] = [
    [404, "ResourceNotFound"],
    [401, "ExpiredAuthenticationToken"],
  ];
  const errors = codes.map(([status, code]) => {
    return { status, body: { error: { code, message: `${code} on ${azureSubscription}` } } };
  });
  return { recorded: false, resources, errors };
}
