import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { putResource } from "../../../local/clouds/azure/state.ts";
import {
  type AzureSetup,
  azureDisks,
  azureMachine,
  azureResource,
  azureSubscription,
  everything,
  listPages,
  listResources,
  noAbort,
  setupAzure,
} from "../../support/azure.ts";

describe("listResources of Azure", () => {
  let setup: AzureSetup;
  afterEach(() => setup.azure.close());

  it("reports VMs with their power state, joined whatever the case of their ids", async () => {
    setup = await setupAzure([
      azureMachine("web", "running"),
      azureMachine("batch", "deallocated"),
      azureMachine("old", "stopped"),
    ]);

    const resources = await listResources(setup.provider);

    expect(
      resources.map(({ name, status, metadata }) => [name, status, metadata["native_status"]]),
    ).to.deep.equal([
      ["web", "running", "running"],
      ["batch", "stopped", "deallocated"],
      ["old", "stopped", "stopped"],
    ]);
    expect(setup.azure.faults.callsOf("compute:ListVirtualMachines")).to.have.length(1);
  });

  it("gives each resource its family, kind, canonical id and chosen fields only", async () => {
    const disk = azureResource("MICROSOFT.Compute/DISKS", "Data", {
      location: "West Europe",
      tags: { Env: "prod" },
      sku: { name: "Premium_LRS" },
      managedBy: "/subscriptions/x/vm",
      properties: { provisioningState: "Succeeded", secretish: "not ours" },
    });
    setup = await setupAzure([disk]);

    const [resource] = await listResources(setup.provider);

    expect(resource).to.deep.equal({
      resourceId: disk.id.toLowerCase(),
      name: "Data",
      type: "storage",
      region: "westeurope",
      status: "in_use",
      metadata: {
        kind: "disk",
        native_status: "Succeeded",
        native_id: disk.id,
        tags: { Env: "prod" },
        resource_group: "rg-one",
        sku: "Premium_LRS",
        provisioning_state: "Succeeded",
      },
    });
  });

  it("drops types that are no inventory", async () => {
    setup = await setupAzure([azureResource("Microsoft.Web/sites", "shop"), ...azureDisks(1)]);

    const resources = await listResources(setup.provider);

    expect(resources.map(({ name }) => name)).to.deep.equal(["disk0"]);
  });

  it("reads uneven pages up to the empty last one", async () => {
    setup = await setupAzure(azureDisks(47), 10);

    const pages = await listPages(setup.provider);

    expect(pages.map((page) => page.resources.length)).to.deep.equal([10, 4, 7, 10, 4, 7, 5, 0]);
    expect(pages.at(-1)?.cursor).to.equal(null);
    expect(pages.slice(0, -1).every((page) => page.cursor !== null)).to.equal(true);
    expect(
      new Set(pages.flatMap((page) => page.resources.map((one) => one.resourceId))).size,
    ).to.equal(47);
  });

  it("goes on after an empty page in front or in the middle", async () => {
    setup = await setupAzure(azureDisks(30), 10);
    setup.azure.faults.push(
      { operation: "arm:ListResources", call: 1, effect: { kind: "empty-page" } },
      { operation: "arm:ListResources", call: 3, effect: { kind: "empty-page" } },
    );

    const resources = await listResources(setup.provider);

    expect(resources).to.have.length(30);
  });

  it("pages through the power states as well", async () => {
    const machines = Array.from({ length: 25 }, (_, index) =>
      azureMachine(`vm${index}`, "running"),
    );
    setup = await setupAzure(machines, 10);
    setup.azure.faults.push({
      operation: "compute:ListVirtualMachines",
      page: 1,
      times: 1,
      effect: { kind: "empty-page" },
    });

    const resources = await listResources(setup.provider);

    expect(resources.filter(({ status }) => status === "running")).to.have.length(25);
  });

  it("continues from a cursor without reading the pages before it", async () => {
    setup = await setupAzure(azureDisks(25), 10);
    const [first] = await listPages(setup.provider);
    setup.azure.faults.forget();

    const pages = [];
    const options = { signal: noAbort, cursor: first?.cursor ?? "" };
    for await (const page of setup.open().list(everything, options)) pages.push(page);

    expect(pages.flatMap((page) => page.resources)).to.have.length(15);
    const asked = setup.azure.faults.callsOf("arm:ListResources").map(({ page }) => page);
    expect(asked).to.deep.equal([2, 3, 4, 5]);
  });

  it("lists only the wanted regions, each as a scope of its own", async () => {
    setup = await setupAzure([
      azureResource("Microsoft.Compute/disks", "near", { location: "West Europe" }),
      azureResource("Microsoft.Compute/disks", "far", { location: "eastus" }),
    ]);
    const provider = setup.open({ settings: { regions: ["West Europe", "westeurope"] } });

    const { scopes } = await provider.discover(noAbort);
    const pages = await Promise.all(scopes.map((scope) => listPages(provider, scope)));

    expect(scopes.map(({ region }) => region)).to.deep.equal(["westeurope"]);
    expect(pages.flat().flatMap((page) => page.resources.map(({ name }) => name))).to.deep.equal([
      "near",
    ]);
  });

  it("knows a VM that appears after the power states were read by its provisioning", async () => {
    setup = await setupAzure(azureDisks(15), 10);

    const names = new Map<string | null, string>();
    for await (const page of setup.provider.list(everything, { signal: noAbort })) {
      for (const { name, status } of page.resources) names.set(name, status);
      putResource(
        setup.azure.state,
        azureMachine("late", "running", { properties: { provisioningState: "Creating" } }),
      );
    }

    expect(names.get("late")).to.equal("pending");
  });

  it("lists a subscription where Compute was never registered", async () => {
    setup = await setupAzure([azureResource("Microsoft.Network/virtualNetworks", "core")]);
    setup.azure.state.subscriptions[0]?.unregistered.push("microsoft.compute");

    const pages = await listPages(setup.provider);

    expect(pages.map(({ resources, unread }) => [resources.length, unread])).to.deep.equal([
      [1, undefined],
    ]);
  });

  it("names the subscription in lower case and lists all regions as one scope", async () => {
    setup = await setupAzure();

    const discovery = await setup.provider.discover(noAbort);

    expect(discovery).to.deep.equal({
      identity: { accountId: azureSubscription.toLowerCase(), displayName: "Test" },
      scopes: [everything],
      assumed: false,
    });
  });
});
