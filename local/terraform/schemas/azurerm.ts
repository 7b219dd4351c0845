import type { ProviderSchema, ResourceSchema } from "../schema.ts";
import { text } from "../value.ts";

const subscription = "/subscriptions/00000000-0000-0000-0000-000000000000";
const id = "string optional computed";
const placed = {
  id,
  name: "string required replace",
  location: "string required replace",
  resource_group_name: "string required replace",
  tags: "map optional",
};

/** A resource inside a resource group: its id is made of names. */
function grouped(path: string, rest: Omit<ResourceSchema, "assign">): ResourceSchema {
  return {
    ...rest,
    attributes: { ...placed, ...rest.attributes },
    assign: ({ name, resource_group_name: group }) => ({
      id: `${subscription}/resourceGroups/${text(group)}/providers/${path}/${text(name)}`,
    }),
  };
}

const group: ResourceSchema = {
  attributes: {
    id,
    name: "string required replace",
    location: "string required replace",
    managed_by: "string optional",
    tags: "map optional",
  },
  assign: ({ name }) => ({ id: `${subscription}/resourceGroups/${text(name)}` }),
};

const subnet: ResourceSchema = {
  attributes: {
    id,
    name: "string required replace",
    resource_group_name: "string required replace",
    virtual_network_name: "string required replace",
    address_prefixes: "list optional",
  },
  assign: ({ name, resource_group_name: groupName, virtual_network_name: network }) => ({
    id:
      `${subscription}/resourceGroups/${text(groupName)}/providers/Microsoft.Network/virtualNetworks/` +
      `${text(network)}/subnets/${text(name)}`,
  }),
};

const machine = grouped("Microsoft.Compute/virtualMachines", {
  attributes: {
    size: "string required",
    admin_username: "string optional replace",
    admin_password: "string optional replace sensitive",
    network_interface_ids: "list required",
    computer_name: "string optional computed replace",
    disable_password_authentication: "bool optional computed replace",
    private_ip_address: "string computed",
    public_ip_address: "string computed",
    virtual_machine_id: "string computed",
  },
  blocks: {
    admin_ssh_key: {
      nesting: "set",
      attributes: { public_key: "string required", username: "string required" },
    },
    os_disk: {
      nesting: "list",
      min: 1,
      max: 1,
      attributes: {
        id: "string computed",
        name: "string optional computed",
        caching: "string required",
        storage_account_type: "string optional computed",
        disk_size_gb: "number optional computed",
      },
    },
    source_image_reference: {
      nesting: "list",
      max: 1,
      attributes: {
        publisher: "string required",
        offer: "string required",
        sku: "string required",
        version: "string required",
      },
    },
  },
});

const networkInterface = grouped("Microsoft.Network/networkInterfaces", {
  attributes: {
    mac_address: "string computed",
    private_ip_address: "string computed",
    private_ip_addresses: "list computed",
  },
  blocks: {
    ip_configuration: {
      nesting: "list",
      min: 1,
      attributes: {
        name: "string required",
        subnet_id: "string optional",
        private_ip_address: "string optional computed",
        private_ip_address_allocation: "string required",
        public_ip_address_id: "string optional",
        primary: "bool optional computed",
      },
    },
  },
});

const account = grouped("Microsoft.Storage/storageAccounts", {
  attributes: {
    account_tier: "string required replace",
    account_replication_type: "string required",
    account_kind: "string optional",
    access_tier: "string optional computed",
    min_tls_version: "string optional",
    allow_nested_items_to_be_public: "bool optional",
    primary_blob_endpoint: "string computed",
    primary_access_key: "string computed sensitive",
  },
  blocks: {
    blob_properties: {
      nesting: "list",
      max: 1,
      attributes: {
        versioning_enabled: "bool optional",
        change_feed_enabled: "bool optional",
        default_service_version: "string optional computed",
      },
    },
  },
});

const storageAccount: ResourceSchema = {
  ...account,
  assign: (wanted, facts) => ({
    ...account.assign(wanted, facts),
    primary_blob_endpoint: `https://${text(wanted["name"])}.blob.core.windows.net/`,
  }),
};

const container: ResourceSchema = {
  attributes: {
    id,
    name: "string required replace",
    storage_account_id: "string optional replace",
    storage_account_name: "string optional replace",
    container_access_type: "string optional",
    metadata: "map optional computed",
  },
  assign: ({ name, storage_account_id: accountId }) => ({
    id: `${text(accountId)}/blobServices/default/containers/${text(name)}`,
  }),
};

/** Names, types and modes as in version 4 of the provider; only the types that our modules use. */
export const azurermSchema: ProviderSchema = {
  source: "hashicorp/azurerm",
  configuration: {
    attributes: {
      subscription_id: "string optional",
      tenant_id: "string optional",
      client_id: "string optional",
      client_secret: "string optional sensitive",
      use_cli: "bool optional",
      use_msi: "bool optional",
      resource_provider_registrations: "string optional",
    },
    blocks: { features: { nesting: "list", min: 1, max: 1, attributes: {} } },
  },
  resources: {
    azurerm_resource_group: group,
    azurerm_virtual_network: grouped("Microsoft.Network/virtualNetworks", {
      attributes: { address_space: "set optional", guid: "string computed" },
    }),
    azurerm_subnet: subnet,
    azurerm_public_ip: grouped("Microsoft.Network/publicIPAddresses", {
      attributes: {
        allocation_method: "string required",
        sku: "string optional replace",
        ip_address: "string computed",
      },
    }),
    azurerm_network_interface: networkInterface,
    azurerm_linux_virtual_machine: machine,
    azurerm_storage_account: storageAccount,
    azurerm_storage_container: container,
  },
  dataSources: {},
};
