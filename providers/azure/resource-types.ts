import type { ResourceType } from "../provider.ts";

/** Which state a resource of a type has: its power state, its attachment, its provisioning, or none of its own. */
export type StateModel = "power" | "attachment" | "provisioning" | "none";

/** What an ARM resource type is in our words. */
export interface KnownType {
  family: ResourceType;
  /** Short name, stored in `metadata.kind`. */
  kind: string;
  state: StateModel;
}

function known(family: ResourceType, kind: string, state: StateModel): KnownType {
  return { family, kind, state };
}

function network(kind: string): KnownType {
  return known("network", kind, "provisioning");
}

/**
 * The ARM types that are inventory, by their name in lower case (answers differ in case). Types that are not here
 * are dropped.
 */
export const knownTypes: ReadonlyMap<string, KnownType> = new Map([
  ["microsoft.compute/virtualmachines", known("vm", "virtual-machine", "power")],
  ["microsoft.compute/virtualmachinescalesets", known("vm", "scale-set", "none")],
  ["microsoft.compute/disks", known("storage", "disk", "attachment")],
  ["microsoft.compute/snapshots", known("storage", "snapshot", "provisioning")],
  ["microsoft.compute/images", known("storage", "image", "provisioning")],
  ["microsoft.compute/galleries", known("storage", "image-gallery", "provisioning")],
  ["microsoft.storage/storageaccounts", known("storage", "storage-account", "none")],
  [
    "microsoft.netapp/netappaccounts/capacitypools/volumes",
    known("storage", "netapp-volume", "none"),
  ],
  ["microsoft.storagesync/storagesyncservices", known("storage", "storage-sync", "none")],
  ["microsoft.network/virtualnetworks", network("virtual-network")],
  ["microsoft.network/networksecuritygroups", network("security-group")],
  ["microsoft.network/applicationsecuritygroups", network("application-security-group")],
  ["microsoft.network/publicipaddresses", network("public-ip")],
  ["microsoft.network/publicipprefixes", network("public-ip-prefix")],
  ["microsoft.network/networkinterfaces", network("network-interface")],
  ["microsoft.network/loadbalancers", network("load-balancer")],
  ["microsoft.network/applicationgateways", network("application-gateway")],
  ["microsoft.network/natgateways", network("nat-gateway")],
  ["microsoft.network/routetables", network("route-table")],
  ["microsoft.network/azurefirewalls", network("firewall")],
  ["microsoft.network/firewallpolicies", network("firewall-policy")],
  ["microsoft.network/bastionhosts", network("bastion")],
  ["microsoft.network/privateendpoints", network("private-endpoint")],
  ["microsoft.network/privatelinkservices", network("private-link-service")],
  ["microsoft.network/privatednszones", network("private-dns-zone")],
  ["microsoft.network/dnszones", network("dns-zone")],
  ["microsoft.network/virtualnetworkgateways", network("vpn-gateway")],
  ["microsoft.network/localnetworkgateways", network("local-network-gateway")],
  ["microsoft.network/connections", network("gateway-connection")],
  ["microsoft.network/expressroutecircuits", network("express-route")],
  ["microsoft.network/virtualwans", network("virtual-wan")],
  ["microsoft.network/virtualhubs", network("virtual-hub")],
  ["microsoft.network/trafficmanagerprofiles", network("traffic-manager")],
  ["microsoft.network/frontdoors", network("front-door")],
]);
