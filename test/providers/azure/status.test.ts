import { expect } from "chai";
import { describe, it } from "mocha";
import { statusOf } from "../../../providers/azure/status.ts";

describe("statusOf of Azure", () => {
  for (const [power, provisioning, status, nativeStatus] of [
    ["starting", "Updating", "pending", "starting"],
    ["running", "Succeeded", "running", "running"],
    ["stopping", "Succeeded", "stopping", "stopping"],
    ["deallocating", "Succeeded", "stopping", "deallocating"],
    ["stopped", "Succeeded", "stopped", "stopped"],
    ["deallocated", "Succeeded", "stopped", "deallocated"],
    ["running", "Failed", "running", "running"],
    ["running", "Deleting", "deleting", "Deleting"],
    [undefined, "Creating", "pending", "Creating"],
    [undefined, "Failed", "error", "Failed"],
    [undefined, "Succeeded", "unknown", null],
    [undefined, undefined, "unknown", null],
    ["unheard-of", "Succeeded", "unknown", "unheard-of"],
  ] as const) {
    it(`calls a VM that is ${power ?? "silent"} and ${provisioning ?? "silent"} ${status}`, () => {
      expect(statusOf("power", { power, provisioning, managed: false })).to.deep.equal({
        status,
        nativeStatus,
      });
    });
  }

  for (const [model, provisioning, managed, status] of [
    ["attachment", "Succeeded", true, "in_use"],
    ["attachment", "Succeeded", false, "available"],
    ["attachment", "Deleting", true, "deleting"],
    ["provisioning", undefined, false, "available"],
    ["provisioning", "Updating", false, "available"],
    ["provisioning", "Creating", false, "creating"],
    ["provisioning", "FAILED", false, "error"],
    ["none", "Succeeded", false, "active"],
  ] as const) {
    it(`calls ${model} with ${provisioning ?? "nothing"}${managed ? ", managed," : ""} ${status}`, () => {
      expect(statusOf(model, { power: undefined, provisioning, managed }).status).to.equal(status);
    });
  }
});
