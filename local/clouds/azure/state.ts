/** A resource as a full ARM body; the routes leave out what a particular answer does not carry. */
export interface SimulatedResource {
  id: string;
  name: string;
  /** `Namespace/type`, in whatever case. */
  type: string;
  location?: string | undefined;
  tags?: Record<string, string> | null | undefined;
  sku?: { name?: string } | null | undefined;
  kind?: string | undefined;
  managedBy?: string | undefined;
  properties?: Record<string, unknown> | undefined;
  /** Of VMs only, such as `running`; answered as an instance view, never as a field. */
  powerState?: string | undefined;
}

/** An application that may sign in with a secret. */
export interface SimulatedApp {
  tenantId: string;
  clientId: string;
  secret: string;
  /** `expired`: the secret was right once. */
  secretState: "valid" | "expired";
}

export interface SimulatedSubscription {
  subscriptionId: string;
  tenantId: string;
  displayName: string;
  state: "Enabled" | "Warned" | "PastDue" | "Disabled" | "Deleted";
  /** Client ids with a role that reads everything. */
  readers: string[];
  /** Namespaces, in lower case, whose own routes answer that they are not registered. */
  unregistered: string[];
  resources: SimulatedResource[];
}

/** Everything a simulated Azure knows: plain data that tests change at any time between two calls. */
export interface AzureState {
  apps: SimulatedApp[];
  subscriptions: SimulatedSubscription[];
}

/** The subscription with this id, in any case; undefined if there is none. */
export function findSubscription(
  state: AzureState,
  subscriptionId: string,
): SimulatedSubscription | undefined {
  const wanted = subscriptionId.toLowerCase();
  return state.subscriptions.find((one) => one.subscriptionId.toLowerCase() === wanted);
}

/** Adds the resource to the subscription its id names, or replaces the one that has this id. Throws RangeError without one. */
export function putResource(state: AzureState, resource: SimulatedResource): void {
  const { resources } = subscriptionOf(state, resource.id);
  const index = indexOfId(resources, resource.id);
  if (index < 0) resources.push(resource);
  else resources[index] = resource;
}

/** Removes the resource with this id, in any case; false if there is none. */
export function removeResource(state: AzureState, id: string): boolean {
  const { resources } = subscriptionOf(state, id);
  const index = indexOfId(resources, id);
  if (index >= 0) resources.splice(index, 1);
  return index >= 0;
}

function subscriptionOf(state: AzureState, id: string): SimulatedSubscription {
  const subscription = findSubscription(state, id.split("/")[2] ?? "");
  if (subscription === undefined) throw new RangeError(`No simulated subscription for ${id}`);
  return subscription;
}

function indexOfId(resources: SimulatedResource[], id: string): number {
  const wanted = id.toLowerCase();
  return resources.findIndex((resource) => resource.id.toLowerCase() === wanted);
}
