import { expect } from "chai";
import { describe, it } from "mocha";
import { applyArguments } from "../../terraform/apply.ts";

describe("applyArguments", () => {
  it("applies a saved plan", () => {
    const args = applyArguments({ plan: "/run/plan" });

    expect(args).to.deep.equal(["apply", "-json", "-input=false", "/run/plan"]);
  });

  it("passes on everything that is set, the plan last", () => {
    const args = applyArguments({ plan: "/run/plan", parallelism: 1 });

    expect(args).to.deep.equal(["apply", "-json", "-input=false", "-parallelism=1", "/run/plan"]);
  });
});
