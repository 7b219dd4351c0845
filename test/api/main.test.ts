import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { startApi } from "../../api/main.ts";
import { ConfigError, readConfig } from "../../runtime/config.ts";
import { OpenParts } from "../../runtime/shutdown.ts";
import { operator, type TestApi, testApi, viewer } from "../support/api.ts";
import { failureOf } from "../support/failure.ts";
import { testLog } from "../support/log.ts";
import { startProxy } from "../support/proxy.ts";
import { testRedis } from "../support/redis.ts";

describe("api", () => {
  let api: TestApi | undefined;

  afterEach(async () => {
    await api?.close();
    api = undefined;
  });

  it("refuses to start where others could reach it without a login", async () => {
    const config = readConfig({ API_HOST: "0.0.0.0", API_PORT: "0" }, []);

    const error = await failureOf(startApi(config, testLog().log, new OpenParts()));

    expect(error).to.be.instanceOf(ConfigError);
  });

  it("says that the port is taken", async () => {
    api = await testApi();
    const { port } = new URL(api.url);

    const error = await failureOf(testApi({ API_PORT: port }));

    expect(error).to.have.property("code", "EADDRINUSE");
  });

  it("logs where it listens", async () => {
    api = await testApi();

    expect(api.lines.find((line) => line["msg"] === "api listens")).to.include({ url: api.url });
    expect(api.url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it("is alive and ready without a login", async () => {
    api = await testApi();

    expect(await (await api.request("/livez")).json()).to.deep.equal({ status: "alive" });
    expect(await (await api.request("/readyz")).json()).to.deep.equal({
      status: "ready",
      checks: { database: "ok", migrations: "ok", redis: "ok" },
    });
  });

  it("stays alive but is not ready while PostgreSQL and Redis are away", async () => {
    const target = testRedis();
    const redis = await startProxy(target.url);
    api = await testApi({ REDIS_URL: redis.url });
    await redis.close();
    await api.database.dataSource.query("ALTER TABLE schema_migrations RENAME TO elsewhere");

    const ready = await api.request("/readyz");

    expect(ready.status).to.equal(503);
    const text = await ready.text();
    expect(text).to.contain('"database":"ok"').and.not.to.contain("127.0.0.1");
    expect(text).to.match(/"migrations":"\d+ migrations have not run"/);
    expect(text).to.match(/"redis":"failed/);
    expect((await api.request("/livez")).status).to.equal(200);
    await target.close();
  });

  it("tells metrics of queues, ledger and process", async () => {
    api = await testApi();
    const { sync } = api.queues;
    await sync.add("sync", { userId: 1 }, { timestamp: Date.now() - 120_000 });
    await sync.add("sync", { userId: 1 }, { delay: 60_000 });
    await api.database.dataSource.query(
      `INSERT INTO job_runs (id, queue, job_id, queued_at, state, fencing_token, created_at) VALUES
         (gen_random_uuid(), 'sync', 'a', now(), 'done', 1, now()),
         (gen_random_uuid(), 'sync', 'b', now(), 'running', 1, now() - interval '2 hours'),
         (gen_random_uuid(), 'sync', 'c', now(), 'done', 1, now() - interval '2 hours')`,
    );
    await api.database.dataSource.query(
      `INSERT INTO job_runs (id, queue, job_id, queued_at, state, fencing_token, error_code)
       VALUES (gen_random_uuid(), 'sync', 'd', now(), 'rejected', 0, 'DATA_NOT_JSON')`,
    );

    const text = await (await api.request("/metrics", operator)).text();

    expect(text).to.contain('mcw_queue_jobs{queue="sync",state="waiting"} 1');
    expect(text).to.contain('mcw_queue_jobs{queue="sync",state="delayed"} 1');
    expect(text).to.contain('mcw_queue_jobs{queue="terraform-apply",state="failed"} 0');
    expect(text).to.match(/mcw_queue_oldest_waiting_seconds\{queue="sync"\} 12\d/);
    expect(text).to.contain('mcw_queue_oldest_waiting_seconds{queue="cost-ingest"} 0');
    expect(text).to.contain('mcw_job_runs_unfinished{queue="sync",state="running"} 1');
    expect(text).to.contain('mcw_job_runs_last_hour{queue="sync",state="done"} 1');
    expect(text).to.contain('mcw_jobs_rejected{queue="sync",reason="DATA_NOT_JSON"} 1');
    expect(text).to.match(/mcw_build_info\{version="\d[^"]*",node="v\d[^"]*",role="api"\} 1/);
    expect(text).to.match(/^nodejs_eventloop_lag_seconds /m);
  });

  it("measures the age of a delayed job from the time it was due", async () => {
    api = await testApi();
    const { sync } = api.queues;
    const added = Date.now() - 100_000;
    const job = await sync.add("sync", { userId: 1 }, { timestamp: added, delay: 200_000 });
    await job.promote();

    const text = await (await api.request("/metrics", viewer)).text();

    expect(text).to.contain('mcw_queue_oldest_waiting_seconds{queue="sync"} 0');
  });

  it("tells the other metrics when a source is away", async () => {
    api = await testApi();
    await api.database.dataSource.query("ALTER TABLE job_runs RENAME TO elsewhere");

    await api.request("/metrics", viewer);
    const text = await (await api.request("/metrics", viewer)).text();

    expect(text).to.match(/mcw_metrics_failures_total\{metric="mcw_job_runs_unfinished"\} [1-9]/);
    expect(text).to.contain('mcw_queue_jobs{queue="sync",state="waiting"} 0');
    expect(text).not.to.contain("mcw_job_runs_unfinished{");
  });

  it("serves health without a login on the internal port", async () => {
    api = await testApi({ HEALTH_PORT: "0" });

    const url = String(api.lines.find((line) => line["msg"] === "health server listens")?.["url"]);

    expect(await (await fetch(`${url}/metrics`)).text()).to.contain("mcw_queue_jobs{");
    expect((await fetch(`${url}/dashboard`)).status).to.equal(404);
  });
});
