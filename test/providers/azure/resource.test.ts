import type { GenericResourceExpanded } from "@azure/arm-resources";
import { expect } from "chai";
import { describe, it } from "mocha";
import { toDiscoveredResource } from "../../../providers/azure/resource.ts";
import { resourceStatuses } from "../../../providers/provider.ts";
import { azureResource } from "../../support/azure.ts";
import { readAzureBodies } from "../../support/azure-recordings.ts";

const noPower = new Map<string, string>();

describe("toDiscoveredResource", () => {
  it("maps every real body of a known type, with nothing but the chosen fields", () => {
    const { resources } = readAzureBodies();
    const inventory = resources.filter(({ type }) => !/microsoft.web/i.test(type));

    expect(inventory).to.have.length.above(50);
    for (const body of inventory) {
      const answered: GenericResourceExpanded = JSON.parse(JSON.stringify(body));
      const mapped = toDiscoveredResource(answered, noPower);
      expect(mapped?.resourceId).to.equal(body.id.toLowerCase());
      expect(resourceStatuses).to.include(mapped?.status);
      expect(mapped?.region).to.match(/^[a-z0-9]+$/);
      expect(mapped?.metadata).to.have.all.keys(
        "kind",
        "native_status",
        "native_id",
        "tags",
        "resource_group",
        "sku",
        "provisioning_state",
      );
    }
  });

  it("accepts a body with nothing but id and type", () => {
    const { id, type } = azureResource("Microsoft.Network/loadBalancers", "bare");

    expect(toDiscoveredResource({ id, type }, noPower)).to.deep.include({
      name: null,
      region: null,
      type: "network",
      status: "available",
    });
  });

  it("leaves out child resources and types without id", () => {
    const subnet = azureResource("Microsoft.Network/virtualNetworks/subnets", "a");

    expect(toDiscoveredResource({ type: "Microsoft.Compute/disks" }, noPower)).to.equal(null);
    expect(toDiscoveredResource({ id: subnet.id, type: subnet.type }, noPower)).to.equal(null);
  });
});
