import { expect } from "chai";
import { execa } from "execa";
import { after, before, describe, it } from "mocha";
import { findModule, listModules, type Module } from "../../terraform/module.ts";
import { applyModule, destroyModule, planModule } from "../../terraform/run.ts";
import { createRunWorld, type RunWorld, requireTerraform } from "../support/terraform.ts";

/** A name and tags that no provider takes as they are. */
const wanted = { name: "My Shop_01", region: "europe-west1", tags: { "Cost Center": "R&D" } };

/** Outputs and created types by module, against the simulated clouds. */
const expected: Record<string, { id: string; address: string; endpoint: string; types: string[] }> =
  {
    "aws/network": {
      id: "arn:aws:ec2:europe-west1:123456789012:vpc/vpc-",
      address: "10.0.0.0/16",
      endpoint: "subnet-",
      types: [
        "aws_internet_gateway",
        "aws_route_table",
        "aws_route_table_association",
        "aws_subnet",
        "aws_vpc",
      ],
    },
    "aws/storage": {
      id: "arn:aws:s3:::my-shop-01",
      address: "s3://my-shop-01",
      endpoint: "https://my-shop-01.s3.europe-west1.amazonaws.com",
      types: [
        "aws_s3_bucket",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning",
      ],
    },
    "aws/vm": {
      id: "arn:aws:ec2:europe-west1:123456789012:instance/i-",
      address: "10.0.",
      endpoint: "203.0.113.",
      types: ["aws_instance"],
    },
    "azure/network": {
      id: "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/My-Shop-01/",
      address: "10.0.0.0/16",
      endpoint: "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/My-Shop-01/",
      types: ["azurerm_resource_group", "azurerm_subnet", "azurerm_virtual_network"],
    },
    "azure/storage": {
      id: "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/My-Shop-01/",
      address: "myshop01/data",
      endpoint: "https://myshop01.blob.core.windows.net/",
      types: ["azurerm_resource_group", "azurerm_storage_account", "azurerm_storage_container"],
    },
    "azure/vm": {
      id: "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/My-Shop-01/",
      address: "10.0.",
      endpoint: "203.0.113.",
      types: [
        "azurerm_linux_virtual_machine",
        "azurerm_network_interface",
        "azurerm_public_ip",
        "azurerm_resource_group",
        "azurerm_subnet",
        "azurerm_virtual_network",
      ],
    },
    "gcp/network": {
      id: "projects/simulated-project/global/networks/my-shop-01",
      address: "10.0.0.0/16",
      endpoint: "projects/simulated-project/regions/europe-west1/subnetworks/my-shop-01",
      types: ["google_compute_network", "google_compute_subnetwork"],
    },
    "gcp/storage": {
      id: "my-shop-01",
      address: "gs://my-shop-01",
      endpoint: "https://storage.googleapis.com/my-shop-01",
      types: ["google_storage_bucket"],
    },
    "gcp/vm": {
      id: "projects/simulated-project/zones/europe-west1-b/instances/my-shop-01",
      address: "10.0.",
      endpoint: "203.0.113.",
      types: ["google_compute_instance"],
    },
  };

function variablesOf(module: Module): Record<string, unknown> {
  const variables: Record<string, unknown> = { ...wanted };
  if (module.type === "vm") variables["public"] = true;
  if (module.variables["ssh_public_key"]?.required) variables["ssh_public_key"] = "ssh-rsa AAAA";
  return variables;
}

describe("the modules", () => {
  let world: RunWorld;
  let binary: string;

  before(async function () {
    binary = await requireTerraform(this);
    world = await createRunWorld(binary);
  });
  after(async () => world?.close());

  it("are formatted as terraform formats them", async () => {
    const modules = await listModules();
    const directories = modules.map(({ directory }) => directory);

    const { stdout } = await execa(binary, ["fmt", "-check", "-recursive", ...directories], {
      env: { TF_CLI_CONFIG_FILE: "/dev/null" },
      reject: false,
    });

    expect(stdout).to.equal("");
  });

  const chosen = {
    aws: { image: "ami-1", subnet_id: "subnet-1", security_group_ids: ["sg-1"], key_name: "key" },
    azure: { subnet_id: "/subnets/1", admin_username: "admin1", ssh_public_key: "ssh-rsa AAAA" },
    gcp: {
      image: "images/1",
      zone: "europe-west1-d",
      subnet_id: "sub-1",
      ssh_public_key: "me:key",
    },
  };
  for (const [provider, options] of Object.entries(chosen)) {
    it(`${provider}/vm takes every option`, async () => {
      const module = await findModule(provider, "vm");
      const variables = { ...wanted, size: "large", disk_gb: 64, public: true, ...options };
      expect(Object.keys(variables)).to.have.members(Object.keys(module.variables));
      const { directory: moduleDirectory } = module;

      const { changes } = await planModule("apply", world.run({ moduleDirectory, variables }));

      expect(changes.add).to.equal(provider === "azure" ? 4 : 1);
    });
  }

  for (const [key, outputs] of Object.entries(expected)) {
    it(`${key} is created, found unchanged and destroyed`, async () => {
      const modules = await listModules();
      const module = modules.find(({ provider, type }) => `${provider}/${type}` === key);
      if (!module) throw new Error(`no module ${key}`);
      const moduleRun = { moduleDirectory: module.directory, variables: variablesOf(module) };

      const applied = await applyModule(world.run(moduleRun));

      const types = world.fakes.cloud.objects.map(({ type }) => type);
      expect(types.toSorted()).to.deep.equal(outputs.types);
      expect(applied.changes.add).to.equal(types.length);
      expect(applied.created).to.have.length(types.length);
      for (const name of ["id", "address", "endpoint"] as const) {
        const value = applied.state?.outputs[name]?.value;
        expect(value, name)
          .to.be.a("string")
          .and.satisfy((text: string) => text.startsWith(outputs[name]));
      }

      const state = applied.state?.bytes ?? null;
      const again = await applyModule(world.run({ ...moduleRun, state }));
      expect(again).to.deep.include({ applied: false, created: [] });
      const plan = await planModule("refresh-only", world.run({ ...moduleRun, state }));
      expect(plan).to.deep.include({ hasChanges: false, drifted: [] });

      const destroyed = await destroyModule(world.run({ ...moduleRun, state }));
      expect(destroyed.changes.remove).to.equal(types.length);
      expect(destroyed.state?.managedInstances).to.equal(0);
      expect(world.fakes.cloud.objects).to.deep.equal([]);
    });
  }
});
