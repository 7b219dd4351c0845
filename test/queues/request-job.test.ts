import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Client } from "pg";
import { InvalidPayloadError } from "../../queues/parse-payload.ts";
import { requestJob } from "../../queues/request-job.ts";
import { findJobRun } from "../../tables/job-runs.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { failureOf } from "../support/failure.ts";

describe("requestJob", () => {
  let database: TestDatabase;
  let client: Client;

  beforeEach(async () => {
    database = await testDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
  });
  afterEach(async () => {
    await client.end();
    await database.close();
  });

  const payload = { userId: 1, credentialId: 2, idempotencyKey: "k" };

  it("asks in the transaction of a pg client", async () => {
    await client.query("BEGIN");
    const id = await requestJob(client, "sync", payload);
    expect(await findJobRun(database.dataSource, "sync", id)).to.equal(null);
    await client.query("COMMIT");

    expect(await findJobRun(database.dataSource, "sync", id)).to.include({ idempotencyKey: "k" });
  });

  it("asks through TypeORM, and for a later time", async () => {
    const runAt = new Date(Date.now() + 60_000);
    const id = await requestJob(database.dataSource.manager, "sync", payload, { runAt });

    const run = await findJobRun(database.dataSource, "sync", id);
    expect(run?.runAt).to.deep.equal(runAt);
  });

  it("refuses a payload that no worker would take, before the database is asked", async () => {
    const wrong = { ...payload, regions: [] };
    const error = await failureOf(requestJob(client, "sync", wrong), InvalidPayloadError);

    expect(error).to.include({ code: "INVALID_PAYLOAD", path: "/regions" });
  });
});
