import { expect } from "chai";
import { describe, it } from "mocha";
import { initArguments } from "../../terraform/init.ts";

describe("initArguments", () => {
  it("asks for JSON and never for input", () => {
    expect(initArguments()).to.deep.equal(["init", "-json", "-input=false"]);
  });

  it("passes on everything that is set", () => {
    const args = initArguments({ lockfileReadonly: true });

    expect(args).to.deep.equal(["init", "-json", "-input=false", "-lockfile=readonly"]);
  });
});
