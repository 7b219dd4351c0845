import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { QueryFailedError } from "typeorm";
import { queueNames } from "../../queues/contract.ts";
import { findJobRun } from "../../tables/job-runs.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { failureOf } from "../support/failure.ts";

describe("enqueue_job", () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await testDatabase();
  });
  afterEach(async () => database.close());

  const call = async (...values: unknown[]): Promise<string> => {
    const places = values.map((_, index) => `$${index + 1}`).join(", ");
    const [row]: { id: string }[] = await database.dataSource.query(
      `SELECT enqueue_job(${places}) AS id`,
      values,
    );
    return row?.id ?? "";
  };
  const count = async (table: string): Promise<number> => {
    const [row]: { n: number }[] = await database.dataSource.query(
      `SELECT count(*)::integer AS n FROM ${table}`,
    );
    return row?.n ?? -1;
  };

  it("takes two literals and enters the job into the ledger and the outbox", async () => {
    const [row]: { id: string }[] = await database.dataSource.query(
      `SELECT enqueue_job('sync', '{"userId":1,"credentialId":7}') AS id`,
    );

    const id = row?.id ?? "";
    const run = await findJobRun(database.dataSource, "sync", id);
    expect(run).to.include({ id, jobId: id, state: "queued", userId: 1, credentialId: 7 });
    expect(run?.payload).to.deep.equal({ userId: 1, credentialId: 7 });
    expect(await count("job_requests WHERE sent_at IS NULL")).to.equal(1);
  });

  for (const queue of queueNames) {
    it(`knows the queue ${queue}`, async () => {
      const payload = { userId: 1, credentialId: 2, resourceId: 3, action: "plan" };
      expect(await call(queue, payload)).to.match(/^[0-9a-f-]{36}$/);
    });
  }

  it("takes its arguments by name, and the trace context from the payload", async () => {
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    await database.dataSource.query(
      `SELECT enqueue_job(queue => 'sync', payload => $1, run_at => now() + interval '1 hour')`,
      [{ userId: 1, credentialId: 2, traceparent }],
    );

    expect(await count("job_runs WHERE run_at > now() AND traceparent IS NOT NULL")).to.equal(1);
  });

  it("answers a key that it knows with the first job's id, whatever way the key came", async () => {
    const first = await call("sync", { userId: 1, credentialId: 2 }, "nightly");

    expect(await call("sync", { userId: 1, credentialId: 3 }, "nightly")).to.equal(first);
    const inPayload = { userId: 1, credentialId: 2, idempotencyKey: "nightly" };
    expect(await call("sync", inPayload)).to.equal(first);
    expect(await count("job_requests")).to.equal(1);
  });

  it("keeps the keys of queues and of users apart", async () => {
    const first = await call("sync", { userId: 1, credentialId: 2 }, "nightly");

    expect(await call("sync", { userId: 2, credentialId: 3 }, "nightly")).not.to.equal(first);
    expect(await call("health-check", { userId: 1, credentialId: 2 }, "nightly")).not.to.equal(
      first,
    );
  });

  it("makes one job of one key in transactions that run at once", async () => {
    const ids = await Promise.all(
      Array.from({ length: 8 }, async () => call("sync", { userId: 1, credentialId: 2 }, "same")),
    );

    expect(new Set(ids).size).to.equal(1);
    expect(await count("job_runs")).to.equal(1);
  });

  it("leaves nothing behind when the caller's transaction is rolled back", async () => {
    const runner = database.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query(`SELECT enqueue_job('sync', '{"userId":1,"credentialId":7}', 'once')`);
    await runner.rollbackTransaction();
    await runner.release();

    expect(await count("job_runs")).to.equal(0);
    expect(await count("job_requests")).to.equal(0);
  });

  const good = { userId: 1, credentialId: 2 };
  const terraform = { userId: 1, resourceId: 2, action: "apply" };
  const malformed: [title: string, values: unknown[], message: string][] = [
    ["an unknown queue", ["synk", good], "queue: there is no queue 'synk'"],
    ["no queue", [null, good], "queue: there is no queue NULL"],
    ["no payload", ["sync", null], "payload: expected a JSON object"],
    ["a payload that is an array", ["sync", "[1]"], "payload: expected a JSON object"],
    ["a payload that is text", ["sync", '"{}"'], "payload: expected a JSON object"],
    ["an empty payload", ["sync", {}], "payload /userId: expected a positive integer"],
    ["a user that is text", ["sync", { ...good, userId: "1" }], "payload /userId:"],
    ["a user that is an array", ["sync", { ...good, userId: [1] }], "payload /userId:"],
    ["a user that is zero", ["sync", { ...good, userId: 0 }], "payload /userId:"],
    ["a user that is no integer", ["sync", { ...good, userId: 1.5 }], "payload /userId:"],
    ["a user beyond integers", ["sync", { ...good, userId: 2 ** 31 }], "payload /userId:"],
    ["no credential", ["cost-ingest", { userId: 1 }], "payload /credentialId:"],
    ["no resource", ["terraform-apply", good], "payload /resourceId:"],
    ["no action", ["terraform-apply", { ...terraform, action: null }], "payload /action:"],
    ["another action", ["terraform-apply", { ...terraform, action: "aply" }], "payload /action:"],
    ["another version", ["sync", { ...good, v: 2 }], "payload /v: version 2 is not supported"],
    ["an empty key", ["sync", good, ""], "idempotency_key: expected 1 to 200 characters, not 0"],
    ["a long key", ["sync", good, "k".repeat(201)], "idempotency_key: expected 1 to 200"],
    ["a key of two lines", ["sync", good, "a\nb"], "idempotency_key: expected no control"],
    ["two keys", ["sync", { ...good, idempotencyKey: "a" }, "b"], "idempotency_key: the payload"],
    ["a key that is a number", ["sync", { ...good, idempotencyKey: 5 }], "idempotency_key: the"],
    ["a key that is null", ["sync", { ...good, idempotencyKey: null }], "idempotency_key: the"],
    ["a start in two years", ["sync", good, null, "2999-01-01"], "run_at: 2999-01-01"],
    ["a start at infinity", ["sync", good, null, "infinity"], "run_at: infinity is out of range"],
    ["a huge payload", ["sync", { ...good, regions: ["x".repeat(70_000)] }], "payload: 700"],
  ];
  for (const [title, values, message] of malformed) {
    it(`refuses ${title}, and says what to do`, async () => {
      const error = await failureOf(call(...values), QueryFailedError);

      expect(error.message).to.include(`enqueue_job: ${message}`);
      expect(error.driverError).to.have.property("code", "22023");
      expect(error.driverError)
        .to.have.property("hint")
        .that.matches(/^[A-Z].*\.$/);
      expect(await count("job_runs")).to.equal(0);
    });
  }
});
