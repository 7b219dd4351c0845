import type { VirtualMachine } from "@azure/arm-compute";
import { ProviderError } from "../errors.ts";
import type { UnreadRegion } from "../provider.ts";
import { pagesOf } from "./pages.ts";
import type { PowerStates } from "./resource.ts";
import { type AzureSession, clientOptions } from "./session.ts";

const operation = "compute:ListVirtualMachines";

/** What is known of the power states, and whether the caller may not read them at all. */
export interface PowerReading {
  states: PowerStates;
  denied: Omit<UnreadRegion, "region"> | null;
}

/**
 * Reads the power state of every VM of the subscription: `resources.list` has none, and asking each VM would cost a
 * call a VM. A caller without the right to read VMs gets `denied`; a subscription where Compute was never registered
 * has none. Every other trouble throws: a later attempt can do better.
 */
export async function readPowerStates(
  session: AzureSession,
  signal: AbortSignal,
): Promise<PowerReading> {
  const states = new Map<string, string>();
  try {
    for await (const machines of listMachines(session, signal)) {
      for (const machine of machines) {
        const state = powerStateOf(machine);
        if (machine.id !== undefined && state !== undefined)
          states.set(machine.id.toLowerCase(), state);
      }
    }
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    if (error.code === "SERVICE_DISABLED") return { states: new Map(), denied: null };
    if (error.code !== "PERMISSION_DENIED") throw error;
    return { states: new Map(), denied: { reason: "denied", message: error.message } };
  }
  return { states, denied: null };
}

async function* listMachines(
  session: AzureSession,
  signal: AbortSignal,
): AsyncGenerator<VirtualMachine[]> {
  const { ComputeManagementClient } = await import("@azure/arm-compute");
  const { credentialScopes, ...options } = clientOptions(session, operation, signal);
  const client = new ComputeManagementClient(
    await session.tokens(signal),
    session.credential.subscriptionId,
    // Unlike its siblings this package does not derive the audience from the endpoint.
    { ...options, credentials: { scopes: [credentialScopes].flat() } },
  );
  const pages = client.virtualMachines.listAll({ statusOnly: "true" }).byPage();
  for await (const { items } of pagesOf(pages, continuationOf, { operation, signal })) yield items;
}

function continuationOf(page: VirtualMachine[] & { continuationToken?: string }) {
  return page.continuationToken;
}

function powerStateOf(machine: VirtualMachine): string | undefined {
  const codes = machine.instanceView?.statuses?.map(({ code }) => code ?? "") ?? [];
  const code = codes.find((candidate) => candidate.toLowerCase().startsWith("powerstate/"));
  return code?.slice("powerstate/".length).toLowerCase();
}
