import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { exists } from "../../terraform/work-directory.ts";
import { type TestWorld, testWorld } from "../support/test-world.ts";

describe("a worker process that starts", () => {
  let world: TestWorld;

  before(async function () {
    this.timeout(60_000);
    world = await testWorld();
  });
  after(async () => world?.close());

  it("removes what a killed one left of an ended run", async () => {
    const { userId } = await world.addUser();
    const id = randomUUID();
    const directory = join(world.environment["TERRAFORM_WORK_DIR"] ?? "", id);
    await mkdir(directory, { recursive: true });
    await world.database.query(
      `WITH resource AS (
         INSERT INTO resources (user_id, name, provider, type) VALUES ($1, 'shop', 'aws', 'storage') RETURNING id
       )
       INSERT INTO terraform_runs (id, resource_id, job_run_id, action, state, stage, process)
       SELECT $2, resource.id, gen_random_uuid(), 'plan', 'planned', 'finished', $3 FROM resource`,
      [userId, id, { host: hostname(), directory }],
    );

    await world.startWorker();

    expect(await exists(directory)).to.equal(false);
  });
});
