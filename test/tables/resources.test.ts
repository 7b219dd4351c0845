import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { requestOwedTerraformJobs } from "../../tables/resources.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

describe("requestOwedTerraformJobs", () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await testDatabase();
    await query("INSERT INTO users (email, hashed_password) VALUES ('a@example.com', 'x')");
  });
  afterEach(async () => database.close());

  const query = async (sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    database.dataSource.query(sql, values);
  const addResource = async (status: string, age = "1 minute"): Promise<void> => {
    await query(
      `INSERT INTO resources (user_id, name, provider, type, status, updated_at)
       VALUES (1, 'web', 'aws', 'vm', $1, now() - $2::interval)`,
      [status, age],
    );
  };
  const addJob = async (state: string, action = "apply", ended: string | null = null) =>
    query(
      `INSERT INTO job_runs (id, queue, job_id, queued_at, user_id, resource_id, state, fencing_token, payload,
                             finished_at)
       VALUES (gen_random_uuid(), 'terraform-apply', 'x', now(), 1, 1, $1, 0,
               jsonb_build_object('action', $2::text), now() - $3::interval)`,
      [state, action, ended],
    );
  const request = async () =>
    requestOwedTerraformJobs(database.dataSource, { olderThanMs: 15_000, pending: true });

  for (const [status, action] of [
    ["pending", "apply"],
    ["provisioning", "apply"],
    ["destroying", "destroy"],
  ] as const) {
    it(`asks once for the ${action} of a resource that is ${status} without a job`, async () => {
      await addResource(status);

      expect(await request()).to.equal(1);
      expect(await request()).to.equal(0);
      expect(
        await query("SELECT state, payload - 'idempotencyKey' AS payload FROM job_runs"),
      ).to.deep.equal([{ state: "queued", payload: { userId: 1, resourceId: 1, action } }]);
    });
  }

  it("is asked by any number of replicas at once to the same effect", async () => {
    await addResource("provisioning");

    await Promise.all([request(), request(), request()]);
    expect(await query("SELECT 1 FROM job_runs")).to.have.length(1);
  });

  for (const status of ["active", "failed", "destroyed"]) {
    it(`asks for nothing when a resource is ${status}`, async () => {
      await addResource(status);

      expect(await request()).to.equal(0);
    });
  }

  it("leaves a pending resource alone that somebody has planned, or that is a day old", async () => {
    await addResource("pending");
    await addJob("done", "plan", "1 second");
    await addResource("pending", "25 hours");

    expect(await request()).to.equal(0);
  });

  it("takes pending resources for drafts when it is told to", async () => {
    await addResource("pending");
    await addResource("destroying");

    const options = { olderThanMs: 15_000, pending: false };
    expect(await requestOwedTerraformJobs(database.dataSource, options)).to.equal(1);
    expect(await query("SELECT resource_id FROM job_runs")).to.deep.equal([{ resource_id: 2 }]);
  });

  it("gives whoever set the status the time to add the job", async () => {
    await addResource("provisioning", "5 seconds");

    expect(await request()).to.equal(0);
  });

  for (const state of ["queued", "running", "retrying", "handed-back"]) {
    it(`asks for nothing while a job is ${state}`, async () => {
      await addResource("provisioning", "1 day");
      await addJob(state);

      expect(await request()).to.equal(0);
    });
  }

  it("leaves a resource to a person whose job ended after the status was set", async () => {
    await addResource("provisioning", "1 hour");
    await addJob("held", "apply", "1 minute");

    expect(await request()).to.equal(0);
  });

  it("asks when the status was set after the last job had ended, or that was no apply", async () => {
    await addResource("destroying", "1 minute");
    await addJob("done", "apply", "1 hour");
    await addJob("done", "drift", "1 second");

    expect(await request()).to.equal(1);
  });
});
