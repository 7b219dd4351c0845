import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Resource } from "../../entities/resource.ts";
import { TerraformRun, type TerraformRunState } from "../../entities/terraform-run.ts";
import { addState } from "../../tables/terraform-states.ts";
import { parseState, type StateSnapshot } from "../../terraform/state.ts";
import { workDirectoryAt } from "../../terraform/work-directory.ts";
import { host } from "../../workers/terraform-run.ts";
import { sealState } from "../../workers/terraform-state.ts";
import { sweepRunDirectories } from "../../workers/terraform-sweep.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";

describe("sweepRunDirectories", () => {
  let tenant: TestTenant;
  let root: string;
  let resourceId: number;

  beforeEach(async () => {
    tenant = await testTenant();
    root = await mkdtemp(join(tmpdir(), "multicloud-test-runs-"));
    tenant.services.terraform.workDirectory = root;
    const wanted = { userId: tenant.userId, name: "shop", provider: "aws", type: "storage" };
    resourceId = (await tenant.database.getRepository(Resource).save(wanted)).id;
  });
  afterEach(async () => {
    await tenant?.close();
    await rm(root, { recursive: true, force: true });
  });

  const stateOf = (serial: number): StateSnapshot => {
    const text = JSON.stringify({ version: 4, serial, lineage: "l", outputs: {}, resources: [] });
    return parseState(Buffer.from(text)) ?? expect.fail("no state");
  };
  const store = async (serial: number): Promise<void> => {
    const facts = { runId: randomUUID(), kind: "final" } as const;
    const envelope = sealState(tenant.secrets, resourceId, facts, stateOf(serial));
    await addState(tenant.database.manager, resourceId, envelope);
  };
  /** A directory with a state, as a worker that was killed leaves it. */
  const leave = async (
    serial: number,
    changes: { state?: TerraformRunState; host?: string; directory?: string } = {},
  ): Promise<string> => {
    const id = randomUUID();
    const { state = "applied", ...place } = { directory: join(root, id), host, ...changes };
    const ids = { id, resourceId, jobRunId: randomUUID() };
    const row = { ...ids, action: "apply", state, stage: "finished", process: place };
    await tenant.database.getRepository(TerraformRun).save(row);
    await write(workDirectoryAt(join(root, id)).state, Buffer.from(stateOf(serial).bytes));
    return id;
  };
  const write = async (path: string, content: string | Buffer): Promise<void> => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  };
  const sweep = async () => sweepRunDirectories(tenant.services);

  it("removes those of runs that have ended and whose state is stored", async () => {
    await store(1);
    await leave(1);
    await leave(1, { state: "failed" });

    expect(await sweep()).to.equal(2);
    expect(await readdir(root)).to.deep.equal([]);
  });

  it("removes one whose state is an earlier version, or a plain one that others stored", async () => {
    await store(1);
    const plain = Buffer.from(stateOf(2).bytes).toString();
    await tenant.database.query(
      "INSERT INTO terraform_states (resource_id, state_data, version) VALUES ($1, $2, 2)",
      [resourceId, plain],
    );
    const [{ text }] = await tenant.database.query(
      "SELECT state_data::TEXT AS text FROM terraform_states WHERE version = 2",
    );
    await store(3);
    await leave(1);
    await write(workDirectoryAt(join(root, await leave(2))).state, text);

    expect(await sweep()).to.equal(2);
  });

  it("leaves what is not stored, or cannot be read", async () => {
    await store(1);
    await leave(2);
    await write(workDirectoryAt(join(root, await leave(1))).state, "{");
    const { erroredState } = workDirectoryAt(join(root, await leave(1)));
    await write(erroredState, Buffer.from(stateOf(2).bytes));

    expect(await sweep()).to.equal(0);
  });

  it("leaves runs that go on, or whose terraform does", async () => {
    await store(1);
    await leave(1, { state: "running" });
    const { processFiles } = workDirectoryAt(join(root, await leave(1, { state: "unknown" })));
    await write(processFiles("apply").identity, `${process.pid}\n`);

    expect(await sweep()).to.equal(0);
  });

  it("leaves those of other machines and places, and what is no run's", async () => {
    await store(1);
    await leave(1, { host: "elsewhere" });
    await leave(1, { directory: "/elsewhere" });
    await mkdir(join(root, randomUUID()));
    await mkdir(join(root, "lost+found"));

    expect(await sweep()).to.equal(0);
  });

  it("finds nothing where no run has been", async () => {
    tenant.services.terraform.workDirectory = join(root, "none");

    expect(await sweep()).to.equal(0);
  });
});
