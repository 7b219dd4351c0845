import type { ProviderSchema, ResourceSchema } from "../schema.ts";
import { type Fields, text } from "../value.ts";

/** Filled in by the real provider from the credential, which the simulation never sees. */
const project = "simulated-project";
const id = "string optional computed";

/** A resource whose id is its path. */
function located(
  path: (wanted: Fields) => string,
  rest: Omit<ResourceSchema, "assign">,
): ResourceSchema {
  return {
    ...rest,
    attributes: {
      id,
      name: "string required replace",
      project: "string optional computed replace",
      self_link: "string computed",
      ...rest.attributes,
    },
    assign: (wanted) => {
      const fullPath = `projects/${project}/${path(wanted)}/${text(wanted["name"])}`;
      return {
        id: fullPath,
        project,
        self_link: `https://www.googleapis.com/compute/v1/${fullPath}`,
      };
    },
  };
}

const instance = located(({ zone }) => `zones/${text(zone)}/instances`, {
  attributes: {
    machine_type: "string required",
    zone: "string optional computed replace",
    allow_stopping_for_update: "bool optional",
    labels: "map optional",
    metadata: "map optional",
    tags: "set optional",
    cpu_platform: "string computed",
    current_status: "string computed",
    instance_id: "string computed",
  },
  blocks: {
    boot_disk: {
      nesting: "list",
      min: 1,
      max: 1,
      attributes: {
        auto_delete: "bool optional",
        device_name: "string optional computed",
        source: "string optional computed",
      },
      blocks: {
        initialize_params: {
          nesting: "list",
          max: 1,
          attributes: {
            image: "string optional computed",
            size: "number optional computed",
            type: "string optional computed",
            labels: "map optional computed",
          },
        },
      },
    },
    network_interface: {
      nesting: "list",
      min: 1,
      attributes: {
        name: "string computed",
        network: "string optional computed",
        subnetwork: "string optional computed",
        network_ip: "string optional computed",
      },
      blocks: {
        access_config: {
          nesting: "list",
          attributes: {
            nat_ip: "string optional computed",
            network_tier: "string optional computed",
          },
        },
      },
    },
  },
});

const bucket: ResourceSchema = {
  attributes: {
    id,
    name: "string required replace",
    location: "string required replace",
    project: "string optional computed replace",
    storage_class: "string optional",
    uniform_bucket_level_access: "bool optional computed",
    public_access_prevention: "string optional computed",
    force_destroy: "bool optional",
    labels: "map optional",
    self_link: "string computed",
    url: "string computed",
  },
  blocks: {
    versioning: { nesting: "list", max: 1, attributes: { enabled: "bool required" } },
  },
  assign: ({ name }) => ({
    id: text(name),
    project,
    url: `gs://${text(name)}`,
    self_link: `https://www.googleapis.com/storage/v1/b/${text(name)}`,
  }),
};

/** Names, types and modes as in version 6 of the provider; only the types that our modules use. */
export const googleSchema: ProviderSchema = {
  source: "hashicorp/google",
  configuration: {
    attributes: {
      project: "string optional",
      region: "string optional",
      zone: "string optional",
      credentials: "string optional sensitive",
      access_token: "string optional sensitive",
    },
  },
  resources: {
    google_compute_instance: instance,
    google_storage_bucket: bucket,
    google_compute_network: located(() => "global/networks", {
      attributes: {
        description: "string optional replace",
        auto_create_subnetworks: "bool optional replace",
        routing_mode: "string optional computed",
        mtu: "number optional computed",
        gateway_ipv4: "string computed",
      },
    }),
    google_compute_subnetwork: located(({ region }) => `regions/${text(region)}/subnetworks`, {
      attributes: {
        region: "string optional computed replace",
        network: "string required replace",
        ip_cidr_range: "string optional computed",
        private_ip_google_access: "bool optional computed",
        gateway_address: "string computed",
      },
    }),
  },
  dataSources: {},
};
