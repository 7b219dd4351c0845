import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { findBinary } from "../../terraform/binary.ts";
import { TerraformMissingError } from "../../terraform/errors.ts";

describe("findBinary", () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "multicloud-binary-"));
  });
  afterEach(async () => rm(directory, { recursive: true }));

  async function install(name: string, version: string): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, `#!/bin/sh\necho '{"terraform_version":"${version}"}'\n`);
    await chmod(path, 0o755);
    return path;
  }

  it("prefers terraform to tofu on PATH and reads its version", async () => {
    await install("tofu", "1.10.0");
    const path = await install("terraform", "1.11.4");

    const binary = await findBinary({ searchPath: `/nowhere:${directory}` });

    expect(binary).to.deep.equal({ path, version: "1.11.4" });
  });

  it("takes tofu where there is no terraform", async () => {
    const path = await install("tofu", "1.10.0");

    expect(await findBinary({ searchPath: directory })).to.deep.equal({ path, version: "1.10.0" });
  });

  it("takes the configured file instead of searching", async () => {
    await install("terraform", "1.11.4");
    const configured = await install("terraform-next", "2.0.0");

    const binary = await findBinary({ configured, searchPath: directory });

    expect(binary.version).to.equal("2.0.0");
  });

  it("says how to get one when there is none", async () => {
    const error = await findBinary({ searchPath: directory }).catch((caught) => caught);

    expect(error).to.be.instanceOf(TerraformMissingError);
    expect(error.message).to.include("on PATH").and.include("TERRAFORM_BINARY");
  });

  it("does not fall back when the configured file is missing", async () => {
    await install("terraform", "1.11.4");
    const configured = join(directory, "absent");

    const error = await findBinary({ configured, searchPath: directory }).catch((caught) => caught);

    expect(error).to.be.instanceOf(TerraformMissingError);
    expect(error.configured).to.equal(configured);
  });
});
