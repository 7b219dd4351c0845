import { type SimulatedAzure, startAzure } from "../../local/clouds/azure/server.ts";
import type { SimulatedResource } from "../../local/clouds/azure/state.ts";
import { openAzure } from "../../providers/azure/provider.ts";
import type { AzureCredential } from "../../providers/credential.ts";
import type { Endpoints } from "../../providers/endpoints.ts";
import type { DiscoveredResource, Page, Provider, Scope } from "../../providers/provider.ts";

export const azureTenant = "7f3c5a10-0000-4000-8000-00000000a001";
export const azureClient = "7f3c5a10-0000-4000-8000-00000000b001";
export const azureSecret = "q7Q~simulated.secret.value";
export const azureSubscription = "7F3C5A10-0000-4000-8000-00000000C001";

/** The scope of everything in the simulated subscription. */
export const everything: Scope = {
  accountId: azureSubscription.toLowerCase(),
  region: "global",
  kind: "arm:resource",
};

/** A signal that never aborts. */
export const noAbort = new AbortController().signal;

/** A simulated Azure with one subscription, and ways to open it. */
export interface AzureSetup {
  azure: SimulatedAzure;
  provider: Provider;
  endpoints: Endpoints;
  /** Opens another provider, with some fields of the credential changed. */
  open(changes?: Partial<AzureCredential>): Provider;
}

export async function setupAzure(
  resources: SimulatedResource[] = [],
  pageSize = 100,
): Promise<AzureSetup> {
  const azure = await startAzure({
    pageSize,
    state: {
      apps: [
        {
          tenantId: azureTenant,
          clientId: azureClient,
          secret: azureSecret,
          secretState: "valid",
        },
      ],
      subscriptions: [
        {
          subscriptionId: azureSubscription,
          tenantId: azureTenant,
          displayName: "Test",
          state: "Enabled",
          readers: [azureClient],
          unregistered: [],
          resources,
        },
      ],
    },
  });
  const endpoints: Endpoints = {
    azure: {
      resourceManager: azure.url,
      authorityHost: azure.authorityUrl,
      certificateAuthority: azure.certificateAuthority,
    },
  };
  const open = (changes: Partial<AzureCredential> = {}) =>
    openAzure({ ...azureCredential(), ...changes }, endpoints);
  return { azure, provider: open(), endpoints, open };
}

export function azureCredential(): AzureCredential {
  return {
    provider: "azure",
    tenantId: azureTenant,
    clientId: azureClient,
    clientSecret: azureSecret,
    subscriptionId: azureSubscription,
    settings: {},
  };
}

/** A resource of a type such as `Microsoft.Compute/disks` in resource group `Rg-One`. */
export function azureResource(
  type: string,
  name: string,
  changes: Partial<SimulatedResource> = {},
): SimulatedResource {
  return {
    id: `/subscriptions/${azureSubscription}/resourceGroups/Rg-One/providers/${type}/${name}`,
    name,
    type,
    location: "westeurope",
    properties: { provisioningState: "Succeeded" },
    ...changes,
  };
}

export function azureMachine(
  name: string,
  powerState: string,
  changes: Partial<SimulatedResource> = {},
): SimulatedResource {
  return azureResource("Microsoft.Compute/virtualMachines", name, { powerState, ...changes });
}

/** So many disks, named `disk0`, `disk1` … */
export function azureDisks(count: number): SimulatedResource[] {
  return Array.from({ length: count }, (_, index) =>
    azureResource("Microsoft.Compute/disks", `disk${index}`),
  );
}

/** Every page of the subscription. */
export async function listPages(provider: Provider, scope = everything): Promise<Page[]> {
  const pages: Page[] = [];
  for await (const page of provider.list(scope, { signal: noAbort })) pages.push(page);
  return pages;
}

export async function listResources(provider: Provider): Promise<DiscoveredResource[]> {
  const pages = await listPages(provider);
  return pages.flatMap((page) => page.resources);
}
