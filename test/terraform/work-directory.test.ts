import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { WorkDirectoryError } from "../../terraform/errors.ts";
import { killGroup, startProcess } from "../../terraform/process.ts";
import { isAlive } from "../../terraform/process-identity.ts";
import {
  createWorkDirectory,
  reasonToKeep,
  removeWorkDirectory,
  takeOver,
  type WorkDirectory,
} from "../../terraform/work-directory.ts";

const state = Buffer.from('{"version":4,"serial":9007199254740993,  "lineage":"a","resources":[]}');

describe("a work directory", () => {
  let root: string;
  let moduleDirectory: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "multicloud-work-"));
    moduleDirectory = join(root, "source");
    await mkdir(moduleDirectory);
    await writeFile(join(moduleDirectory, "main.tf"), "# module\n");
  });
  afterEach(async () => rm(root, { recursive: true, force: true }));

  function create(stateBytes: Uint8Array | null = null): Promise<WorkDirectory> {
    const content = { moduleDirectory, variables: { name: "x" }, state: stateBytes };
    return createWorkDirectory(join(root, "runs", "1"), { ...content, providerMirror: null });
  }

  it("is private and holds module, variables, backend and the exact state", async () => {
    const directory = await create(state);

    expect((await stat(directory.path)).mode % 0o1000).to.equal(0o700);
    expect((await readdir(directory.module)).toSorted()).to.deep.equal([
      "backend_override.tf.json",
      "main.tf",
      "terraform.tfvars.json",
    ]);
    const variables = await readFile(join(directory.module, "terraform.tfvars.json"), "utf8");
    expect(JSON.parse(variables)).to.deep.equal({ name: "x" });
    expect(await readFile(directory.state)).to.deep.equal(state);
  });

  it("is not made over one that exists, which may hold a state that is nowhere else", async () => {
    await create();

    const error = await create().catch((caught) => caught);

    expect(error).to.be.instanceOf(WorkDirectoryError).with.nested.property("cause.code", "EEXIST");
  });

  it("may go when its state is stored, or when there is none", async () => {
    const empty = await create();
    expect(await reasonToKeep(empty, null)).to.equal(null);

    await writeFile(empty.state, '{"version":4,"serial":2,"lineage":"a"}');
    expect(await reasonToKeep(empty, { serial: 2, lineage: "a" })).to.equal(null);

    await removeWorkDirectory(empty);
    expect(await readdir(join(root, "runs"))).to.deep.equal([]);
  });

  it("is kept while its state is ahead of the stored one", async () => {
    const directory = await create();
    await writeFile(directory.state, '{"version":4,"serial":3,"lineage":"a"}');

    expect(await reasonToKeep(directory, { serial: 2, lineage: "a" })).to.equal("unsaved-state");
    expect(await reasonToKeep(directory, { serial: 3, lineage: "b" })).to.equal("unsaved-state");
  });

  it("is kept when its state is torn or terraform could not save one", async () => {
    const directory = await create();
    await writeFile(directory.state, '{"version":4,');
    expect(await reasonToKeep(directory, null)).to.equal("unreadable-state");

    await writeFile(directory.erroredState, "{}");
    expect(await reasonToKeep(directory, null)).to.equal("errored-state");
  });

  it("is kept while a process runs in it", async () => {
    const directory = await create();
    const identity = await startWaiting(directory, "apply");

    expect(await reasonToKeep(directory, null)).to.equal("running");
    await killGroup(identity);
  });

  it("hands over an apply, and ends an init that nobody waits for", async () => {
    const directory = await create();
    const init = await startWaiting(directory, "init");
    expect(await takeOver(directory.path)).to.equal(null);
    expect(await isAlive(init)).to.equal(false);

    const apply = await startWaiting(directory, "apply");
    expect(await takeOver(directory.path)).to.deep.equal(apply);
    expect(await isAlive(apply)).to.equal(true);
    await killGroup(apply);
  });
});

function startWaiting(directory: WorkDirectory, stage: "init" | "apply") {
  return startProcess({
    binary: "/bin/sleep",
    args: ["60"],
    directory: directory.module,
    environment: {},
    files: directory.processFiles(stage),
  });
}
