import { expect } from "chai";
import { describe, it } from "mocha";
import { ProviderError } from "../../../../providers/errors.ts";
import {
  type ComputePage,
  type RawComputePage,
  readComputePage,
} from "../../../../providers/gcp/kinds/compute-page.ts";

function read(page: RawComputePage<string>): ComputePage<string> {
  return readComputePage(page, "disks", "compute:disks.aggregatedList");
}

describe("a page of Compute", () => {
  it("gathers the items of all locations", () => {
    const { items, next, unread } = read({
      items: {
        "zones/us-east1-b": { disks: ["a"] },
        "zones/us-east1-c": { disks: [], warning: { code: "NO_RESULTS_ON_PAGE" } },
        "regions/us-east1": { disks: ["b", "c"] },
      },
      nextPageToken: "",
    });
    expect(items).to.deep.equal(["a", "b", "c"]);
    expect(next).to.equal(null);
    expect(unread).to.deep.equal([]);
  });

  it("counts a location with any other warning as unread, once a region", () => {
    const { unread } = read({
      items: {
        "zones/us-east1-b": { warning: { code: "UNREACHABLE" } },
        "zones/us-east1-c": { warning: { code: "UNREACHABLE" } },
        "zones/us-south1-ai1b": { warning: { code: "LIST_OVERHEAD_QUOTA_EXCEED" } },
        "regions/asia-east1": { warning: { code: "SOMETHING_NEW" } },
      },
      unreachables: ["projects/p/zones/europe-west1-b"],
      warning: { code: "UNREACHABLE" },
    });
    expect(unread.map(({ region, reason }) => [region, reason])).to.deep.equal([
      ["europe-west1", "unreachable"],
      ["us-east1", "unreachable"],
      ["us-south1", "throttled"],
      ["asia-east1", "unreachable"],
    ]);
  });

  it("is refused when something is missing and the answer does not say where", () => {
    const page = { items: ["a"], warning: { code: "PARTIAL_SUCCESS" } };
    expect(() => read(page))
      .to.throw(ProviderError)
      .with.property("nativeCode", "PARTIAL_SUCCESS");
  });
});
