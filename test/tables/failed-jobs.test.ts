import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { pino } from "pino";
import { cancelJobRuns } from "../../tables/job-runs.ts";
import { poisonedAfterCrashes, runJob } from "../../workers/run-job.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { noHandlers, testServices } from "../support/worker-services.ts";

describe("a resource whose job ends without its handler", () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await testDatabase();
    await query("INSERT INTO users (email, hashed_password) VALUES ('a@example.com', 'x')");
  });
  afterEach(async () => database.close());

  const query = async (sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    database.dataSource.query(sql, values);
  const addResource = async (status: string): Promise<void> => {
    await query(
      `INSERT INTO resources (user_id, name, provider, type, status, terraform_output)
       VALUES (1, 'web', 'aws', 'vm', $1, '{"public_ip": "203.0.113.7"}')`,
      [status],
    );
  };
  const addJob = async (state: string, action: string, facts = { crashes: 0, userId: 1 }) => {
    const id = randomUUID();
    await query(
      `INSERT INTO job_runs (id, queue, job_id, queued_at, user_id, resource_id, state, fencing_token, payload, crashes)
       VALUES ($1, 'terraform-apply', gen_random_uuid(), now(), $5, 1, $2, 0,
               jsonb_build_object('userId', $5::INTEGER, 'resourceId', 1, 'action', $3::TEXT), $4)`,
      [id, state, action, facts.crashes, facts.userId],
    );
    return id;
  };
  const deliver = async (id: string, action: string, extras: object = {}) => {
    const services = { ...testServices(database.dataSource), log: pino({ level: "silent" }) };
    const job = {
      id,
      queuedAt: new Date(),
      data: { userId: 1, resourceId: 1, action, ...extras },
      stalls: 0,
      retries: 0,
      log: async () => {},
      updateProgress: async () => {},
    };
    const handler = noHandlers["terraform-apply"];
    return runJob("terraform-apply", handler, services, job, new AbortController().signal);
  };
  const cancel = async (...ids: string[]) =>
    cancelJobRuns(database.dataSource, "terraform-apply", ids);
  const shown = async () => {
    const [row] = await query("SELECT status, terraform_output AS output FROM resources");
    return row;
  };

  for (const [status, action] of [
    ["provisioning", "apply"],
    ["destroying", "destroy"],
  ] as const) {
    it(`is failed when the ${action} has killed its workers, and keeps its outputs`, async () => {
      await addResource(status);
      const id = await addJob("queued", action, { crashes: poisonedAfterCrashes, userId: 1 });

      await deliver(id, action);

      const error = { code: "POISONED", message: "its worker died 3 times while running it" };
      const output = { public_ip: "203.0.113.7", error };
      expect(await shown()).to.deep.equal({ status: "failed", output });
    });

    it(`is failed when the ${action} that had begun is cancelled`, async () => {
      await addResource(status);

      expect(await cancel(await addJob("retrying", action))).to.equal(1);

      const row = await shown();
      expect(row).to.include({ status: "failed" });
      expect(row).to.have.nested.property("output.error.code", "CANCELLED");
    });
  }

  it("is what it was when an apply is cancelled that had not begun", async () => {
    await addResource("active");

    await cancel(await addJob("queued", "apply"));

    expect(await shown()).to.include({ status: "active" });
  });

  it("stays active, and says why, when an apply is refused before it began", async () => {
    await addResource("active");
    const id = await addJob("queued", "apply", { crashes: poisonedAfterCrashes, userId: 1 });

    await deliver(id, "apply");

    const row = await shown();
    expect(row).to.include({ status: "active" });
    expect(row).to.have.nested.property("output.error.code", "POISONED");
  });

  it("is not touched by a malformed job", async () => {
    await addResource("provisioning");
    const before = await shown();

    const { outcome } = await deliver(await addJob("queued", "apply"), "apply", { v: "one" });

    expect(outcome).to.include({ kind: "give-up", code: "INVALID_PAYLOAD" });
    expect(await shown()).to.deep.equal(before);
  });

  it("waits for the other when one of two is cancelled", async () => {
    await addResource("provisioning");
    const [first, second] = [await addJob("retrying", "apply"), await addJob("queued", "apply")];

    await cancel(second);
    expect(await shown()).to.include({ status: "provisioning" });
    await cancel(first);
    expect(await shown()).to.include({ status: "failed" });
  });

  it("is failed whichever of two that are cancelled at once comes last", async () => {
    await addResource("provisioning");
    const ids = [await addJob("retrying", "apply"), await addJob("queued", "apply")];

    await Promise.all(ids.map(async (id) => cancel(id)));

    expect(await shown()).to.include({ status: "failed" });
  });

  it("is left alone by a plan, and by a job of another user", async () => {
    await addResource("provisioning");
    await query("INSERT INTO users (email, hashed_password) VALUES ('b@example.com', 'x')");

    await cancel(await addJob("queued", "plan"));
    await cancel(await addJob("queued", "apply", { crashes: 0, userId: 2 }));

    expect(await shown()).to.include({ status: "provisioning" });
  });
});
