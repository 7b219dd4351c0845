import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UnrecoverableError, Worker } from "bullmq";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { chromium } from "playwright-core";
import { reconcile } from "../../scheduler/reconciler.ts";
import { operator, type TestApi, testApi, viewer } from "../support/api.ts";
import { until } from "../support/until.ts";

const chromiumPath = "/usr/bin/chromium";

describe("dashboard", () => {
  let api: TestApi;

  beforeEach(async () => {
    api = await testApi();
  });
  afterEach(async () => api.close());

  const boardJson = async (path: string): Promise<string> => {
    const response = await api.request(`/dashboard/api/queues${path}`, viewer);
    expect(response.status).to.equal(200);
    return response.text();
  };
  const writeMalformed = async (): Promise<void> => {
    const redis = api.redis.connection();
    const prefix = `${api.redis.prefix}:sync`;
    const timestamp = String(Date.now() - 60_000);
    await redis.hset(`${prefix}:bad`, { name: "sync", data: "not JSON", opts: "{", timestamp });
    await redis.rpush(`${prefix}:wait`, "bad");
    await redis.lpush(`${prefix}:wait`, '{"pushed":"by a Celery client"}');
  };

  for (const [how, path] of [
    ["one by one", "/sync/00000000-0000-4000-8000-000000000001/clean"],
    ["with the whole queue", "/sync/empty"],
  ] as const) {
    it(`lets what an operator removes ${how} stay removed after Redis and ledger were compared`, async () => {
      const { dataSource } = api.database;
      const payload = { userId: 1, credentialId: 7 };
      await api.queues.sync.add("sync", payload, { jobId: "00000000-0000-4000-8000-000000000001" });
      const services = {
        database: dataSource,
        queues: api.queues,
        redis: api.redis.connection(),
        applyPending: true,
      };
      expect(await reconcile(services)).to.include({ adopted: 1 });

      const response = await api.request(`/dashboard/api/queues${path}`, operator, {
        method: "PUT",
        headers: { origin: api.url },
      });
      expect(response.status).to.be.within(200, 204);

      await dataSource.query("UPDATE job_runs SET created_at = created_at - interval '1 hour'");
      expect(await reconcile(services)).to.include({ putBack: 0 });
      expect(await api.queues.sync.getJobCountByTypes("waiting")).to.equal(0);
    });
  }

  it("shows no secret of a job: payload, result, progress, error, log", async () => {
    const key = "AKIAIOSFODNN7EXAMPLE";
    const worker = new Worker(
      "sync",
      async (job) => {
        await job.updateProgress({ token: "t0p-secret" });
        await job.log(`using ${key}`);
        if (job.name === "failing") throw new UnrecoverableError(`no access for ${key}`);
        return { password: "hunter2", rows: 3 };
      },
      { connection: api.redis.connection(), prefix: api.redis.prefix },
    );
    const data = { userId: 1, credentialId: 7, secret_key: "s3cret", note: key };
    await api.queues.sync.add("failing", data, { jobId: "failing" });
    await api.queues.sync.add(`named ${key}`, data, { jobId: "done" });
    const finished = ["completed", "failed"] as const;
    await until(async () => (await api.queues.sync.getJobCountByTypes(...finished)) === 2);
    await worker.close();

    const texts = await Promise.all(
      [
        "?activeQueue=sync&status=failed&page=1&jobsPerPage=10",
        "?activeQueue=sync&status=completed&page=1&jobsPerPage=10",
        "/sync/failing",
        "/sync/done",
        "/sync/failing/logs",
      ].map(boardJson),
    );

    const all = texts.join("\n");
    expect(all).to.contain("no access for [redacted]");
    expect(all).to.contain("using [redacted]");
    expect(all).to.contain('"credentialId":7');
    for (const secret of [key, "t0p-secret", "hunter2", "s3cret"]) {
      expect(all).not.to.contain(secret);
    }
  });

  it("shows a queue although one of its jobs is not JSON, and lets an operator remove that", async () => {
    await api.queues.sync.add("sync", { userId: 1 }, { jobId: "good" });
    await writeMalformed();

    const shown = await boardJson("?activeQueue=sync&status=waiting&page=1&jobsPerPage=10");
    expect(shown).to.contain('"id":"good"');
    expect(shown).to.contain('"id":"bad"').and.to.contain("(unreadable)");
    expect(await boardJson("/sync/bad")).to.contain("are not JSON");

    const path = "/dashboard/api/queues/sync/bad/clean";
    expect((await api.request(path, operator, { method: "PUT" })).status).to.equal(204);
    expect(await api.redis.connection().exists(`${api.redis.prefix}:sync:bad`)).to.equal(0);
  });

  it("keeps metrics and readiness although a job is not JSON", async () => {
    await writeMalformed();

    const metrics = await (await api.request("/metrics", viewer)).text();
    expect(metrics).to.contain('mcw_queue_jobs{queue="sync",state="waiting"} 2');
    const age = /mcw_queue_oldest_waiting_seconds\{queue="sync"\} (\S+)/.exec(metrics)?.[1];
    expect(Number(age)).to.be.within(60, 70);
    expect((await api.request("/readyz")).status).to.equal(200);
  });

  it("does not let an edit replace a secret by what stands for it", async () => {
    const data = { userId: 1, secret_key: "s3cret" };
    await api.queues.sync.add("sync", data, { jobId: "one" });
    const edit = async (jobData: unknown) =>
      api.request("/dashboard/api/queues/sync/one/update-data", operator, {
        method: "PATCH",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jobData }),
      });

    expect((await edit({ userId: 2, secret_key: "[redacted]" })).status).to.equal(409);
    expect((await api.queues.sync.getJob("one"))?.data).to.deep.equal(data);
    expect((await edit({ userId: 2 })).status).to.equal(200);
  });

  it("tells the page of a viewer that it is read-only", async () => {
    expect(await boardJson("?page=1&jobsPerPage=10")).to.contain('"readOnlyMode":true');
  });

  it("renders in a browser, with nothing loaded from elsewhere", async function () {
    if (!existsSync(chromiumPath)) this.skip();
    await api.queues.sync.add("sync", { userId: 1, credentialId: 7 }, { jobId: "seen-job" });
    const profile = await mkdtemp(join(tmpdir(), "multicloud-chromium-"));
    const [username = "", password = ""] = viewer.split(":");
    const browser = await chromium.launchPersistentContext(profile, {
      executablePath: chromiumPath,
      headless: true,
      httpCredentials: { username, password },
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    try {
      const page = await browser.newPage();
      const errors: string[] = [];
      const elsewhere: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("response", (response) => {
        if (!response.url().startsWith(api.url)) elsewhere.push(response.url());
      });

      await page.goto(`${api.url}/dashboard/queue/sync?status=waiting`);

      await page.getByText("seen-job").first().waitFor({ timeout: 15_000 });
      for (const name of ["sync", "cost-ingest", "health-check", "terraform-apply"]) {
        expect(await page.getByText(name, { exact: true }).count(), name).to.be.above(0);
      }
      expect(errors).to.deep.equal([]);
      expect(elsewhere).to.deep.equal([]);
    } finally {
      await browser.close();
      await rm(profile, { recursive: true, force: true });
    }
  });
});
