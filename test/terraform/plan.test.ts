import { expect } from "chai";
import { describe, it } from "mocha";
import { planArguments } from "../../terraform/plan.ts";

const common = ["plan", "-json", "-input=false", "-detailed-exitcode", "-out=/run/plan"];

describe("planArguments", () => {
  it("saves a plan that tells changes by its exit code", () => {
    expect(planArguments({ mode: "apply", out: "/run/plan" })).to.deep.equal(common);
  });

  it("passes on everything that is set", () => {
    const args = planArguments({ mode: "destroy", out: "/run/plan", parallelism: 3 });

    expect(args).to.deep.equal([...common, "-destroy", "-parallelism=3"]);
  });

  it("only refreshes when looking for drift", () => {
    const args = planArguments({ mode: "refresh-only", out: "/run/plan" });

    expect(args).to.deep.equal([...common, "-refresh-only"]);
  });
});
