import type { SimulatedResource, SimulatedSubscription } from "./state.ts";

/** How `resources.list` answers a resource: no properties, the provisioning state only if `expand` asks for it. */
export function genericBody(resource: SimulatedResource, expand: string): object {
  const { id, name, type, location, tags, sku, kind, managedBy } = resource;
  const provisioningState = resource.properties?.["provisioningState"];
  return {
    id,
    name,
    type,
    location,
    ...(tags && { tags }),
    ...(sku && { sku }),
    ...(kind !== undefined && { kind }),
    ...(managedBy !== undefined && { managedBy }),
    ...(expand.includes("provisioningState") && { provisioningState }),
  };
}

/** How `virtualMachines` answers a VM: the whole body, but no instance view. */
export function machineBody(resource: SimulatedResource): object {
  const { powerState: _powerState, properties, ...body } = resource;
  const { instanceView: _instanceView, ...others } = properties ?? {};
  return { ...body, properties: others };
}

/** How `virtualMachines?statusOnly=true` answers it: tags and most properties are missing. Ids come in another case. */
export function statusBody({ id, name, type, location, powerState }: SimulatedResource): object {
  const statuses = [
    { code: "ProvisioningState/succeeded", level: "Info", displayStatus: "Provisioning succeeded" },
    ...(powerState === undefined
      ? []
      : [{ code: `PowerState/${powerState}`, level: "Info", displayStatus: `VM ${powerState}` }]),
  ];
  return {
    id: id.replace(/\/resourceGroups\/([^/]+)/i, (_all, group: string) => {
      return `/resourceGroups/${group.toUpperCase()}`;
    }),
    name,
    type,
    location,
    properties: { provisioningState: "Succeeded", instanceView: { statuses } },
  };
}

/** The regions in which the subscription has resources, as `listLocations` answers them. */
export function locationBodies({ subscriptionId, resources }: SimulatedSubscription): object[] {
  const names = resources.map(({ location }) => location?.toLowerCase().replaceAll(" ", ""));
  return [...new Set(names)]
    .filter((name) => name !== undefined)
    .map((name) => ({
      id: `/subscriptions/${subscriptionId}/locations/${name}`,
      name,
      displayName: name,
      type: "Region",
    }));
}
