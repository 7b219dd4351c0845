import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { payloadJsonSchema } from "../../queues/json-schema.ts";
import { findJobRun } from "../../tables/job-runs.ts";
import { type TestApi, testApi } from "../support/api.ts";

const token = "a-token-of-twenty-characters";

describe("POST /v1/jobs/:queue", () => {
  let api: TestApi;

  beforeEach(async () => {
    api = await testApi({ API_TOKEN: token });
  });
  afterEach(async () => api.close());

  const post = async (path: string, body: string, authorization = `Bearer ${token}`) =>
    api.request(path, undefined, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body,
    });
  const requests = async (): Promise<unknown> =>
    api.database.dataSource.query("SELECT id FROM job_requests");

  it("writes the job into ledger and outbox and says where it can be asked for", async () => {
    const response = await post("/v1/jobs/sync", '{"userId":1,"credentialId":7}');

    expect(response.status).to.equal(202);
    const jobId: unknown = Reflect.get(Object(await response.json()), "jobId");
    expect(await requests()).to.deep.equal([{ id: jobId }]);
    const run = await findJobRun(api.database.dataSource, "sync", String(jobId));
    expect(run).to.include({ state: "queued", userId: 1, credentialId: 7 });

    const where = response.headers.get("location") ?? "";
    const headers = { authorization: `Bearer ${token}` };
    const asked = await api.request(where, undefined, { headers });
    expect(await asked.json()).to.include({ jobId, outcome: "queued", attempts: 0 });
  });

  it("answers the same key with the same job", async () => {
    const body = '{"userId":1,"credentialId":7,"idempotencyKey":"night of the 3rd"}';

    const answers = [await post("/v1/jobs/sync", body), await post("/v1/jobs/sync", body)];

    const [first, second] = await Promise.all(answers.map(async (answer) => answer.json()));
    expect(first).to.deep.equal(second);
  });

  const sync = "/v1/jobs/sync";
  const invalid = "INVALID_PAYLOAD";
  /** Below 64 kB as it is sent, and above as PostgreSQL writes it. */
  const regions = JSON.stringify(Array.from({ length: 15_000 }, () => "a"));
  const many = `{"userId":1,"credentialId":7,"regions":${regions}}`;
  for (const [what, path, body, status, code] of [
    ["names a wrong field", sync, '{"userId":1}', 400, invalid],
    ["refuses what is no object", sync, "[1]", 400, invalid],
    ["takes no NUL", sync, '{"userId":1,"credentialId":7,"regions":["\\u0000"]}', 400, invalid],
    [
      "takes no halves of characters",
      sync,
      '{"userId":1,"credentialId":7,"kinds":["\\ud800"]}',
      400,
      invalid,
    ],
    ["takes no more than enqueue_job", sync, many, 400, invalid],
    ["takes no half JSON", sync, '{"userId":', 400, invalid],
    ["takes no other text", sync, "null", 400, invalid],
    ["takes nothing large", sync, `{"a":"${"x".repeat(70_000)}"}`, 413, "PAYLOAD_TOO_LARGE"],
    ["knows no other queue", "/v1/jobs/mail", "{}", 404, "UNKNOWN_QUEUE"],
  ] as const) {
    it(what, async () => {
      const response = await post(path, body);

      expect(response.status).to.equal(status);
      expect(response.headers.get("content-type")).to.include("application/problem+json");
      expect(await response.json()).to.include({ status, code });
      expect(await requests()).to.deep.equal([]);
    });
  }

  it("knows no job of an id that nobody can have", async () => {
    const headers = { authorization: `Bearer ${token}` };

    for (const id of ["%00", "x".repeat(5_000), "%F0%9F%98%80"]) {
      const response = await api.request(`/v1/jobs/sync/${id}`, undefined, { headers });
      expect(response.status).to.equal(404);
    }
  });

  it("lets nobody in without the token, nor anybody where none is set", async () => {
    const body = '{"userId":1,"credentialId":7}';
    for (const authorization of ["", "Bearer wrong", `Basic ${btoa(`x:${token}`)}`]) {
      expect((await post("/v1/jobs/sync", body, authorization)).status).to.equal(401);
    }
    const open = await testApi();
    const headers = { authorization: "Bearer undefined" };
    const response = await open.request("/v1/jobs/sync", undefined, {
      method: "POST",
      headers,
      body,
    });
    expect(response.status).to.equal(401);
    await open.close();
    expect(await requests()).to.deep.equal([]);
  });

  it("serves the schemas to everybody", async () => {
    const response = await api.request("/v1/schemas/terraform-apply");

    expect(await response.json()).to.deep.equal(payloadJsonSchema("terraform-apply"));
  });

  it("fails when PostgreSQL does, without a job and without details", async () => {
    await api.database.dataSource.query("ALTER TABLE job_requests RENAME TO job_requests_away");

    const response = await post("/v1/jobs/sync", '{"userId":1,"credentialId":7}');

    expect(response.status).to.equal(500);
    expect(await response.text()).not.to.include("job_requests");
    await api.database.dataSource.query("ALTER TABLE job_requests_away RENAME TO job_requests");
  });
});
