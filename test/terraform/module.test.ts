import { readdir } from "node:fs/promises";
import { expect } from "chai";
import { describe, it } from "mocha";
import {
  checkVariables,
  findModule,
  InvalidVariablesError,
  listModules,
  UnknownModuleError,
} from "../../terraform/module.ts";

describe("listModules", () => {
  it("names a module for each kind of resource at each cloud", async () => {
    const modules = await listModules();

    expect(modules.map(({ provider, type }) => `${provider}/${type}`)).to.deep.equal([
      "aws/network",
      "aws/storage",
      "aws/vm",
      "azure/network",
      "azure/storage",
      "azure/vm",
      "gcp/network",
      "gcp/storage",
      "gcp/vm",
    ]);
  });

  it("gives every module the same files and common variables", async () => {
    for (const { directory, variables } of await listModules()) {
      const files = (await readdir(directory)).toSorted();
      expect(files).to.deep.equal(["main.tf", "outputs.tf", "variables.tf.json", "versions.tf"]);
      expect(variables["name"]).to.include({ type: "string", required: true });
      expect(variables["region"]).to.include({ type: "string", required: true });
      expect(variables["tags"]).to.include({ type: "map(string)", required: false });
    }
  });
});

describe("findModule", () => {
  it("refuses what is no module, paths included", async () => {
    for (const [provider, type] of [
      ["aws", "database"],
      ["oracle", "vm"],
      ["..", "vm"],
      ["aws", "../gcp/vm"],
    ] as const) {
      const error = await findModule(provider, type).catch((caught) => caught);
      expect(error, `${provider}/${type}`).to.be.instanceOf(UnknownModuleError);
    }
  });
});

describe("checkVariables", () => {
  it("returns what fits, without the nulls that mean the default", async () => {
    const values = await check({ size: "large", disk_gb: 50, public: true, image: null });

    expect(values).to.deep.equal({
      name: "web",
      region: "eu-central-1",
      size: "large",
      disk_gb: 50,
      public: true,
    });
  });

  it("names each variable that does not fit", async () => {
    const wrong = { name: undefined, disk_gb: "50", tags: { team: 7 }, subnet: "subnet-1" };

    const error = await check(wrong).then(
      () => expect.fail("the values were accepted"),
      (caught: InvalidVariablesError) => caught,
    );

    expect(error).to.be.instanceOf(InvalidVariablesError);
    const names = error.fields.map(({ name }) => name);
    expect(names.toSorted()).to.deep.equal(["disk_gb", "name", "subnet", "tags.team"]);
    expect(error.message).to.include("subnet: the module has no such variable");
  });
});

async function check(values: Record<string, unknown>): Promise<unknown> {
  const module = await findModule("aws", "vm");
  return checkVariables(module, { name: "web", region: "eu-central-1", ...values });
}
