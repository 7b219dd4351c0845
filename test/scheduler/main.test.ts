import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Schedule } from "../../entities/schedule.ts";
import type { Queues } from "../../queues/open-queues.ts";
import { type Config, readConfig } from "../../runtime/config.ts";
import { OpenParts } from "../../runtime/shutdown.ts";
import { startScheduler } from "../../scheduler/main.ts";
import { addCredentials } from "../support/credentials.ts";
import type { TestDatabase } from "../support/database.ts";
import { testLog } from "../support/log.ts";
import { startProxy } from "../support/proxy.ts";
import type { TestRedis } from "../support/redis.ts";
import { until } from "../support/until.ts";
import { type WorkerRig, workerRig } from "../support/worker-rig.ts";

describe("scheduler", () => {
  let rig: WorkerRig;
  let database: TestDatabase;
  let redis: TestRedis;
  let queues: Queues;
  let open: OpenParts;

  beforeEach(async () => {
    rig = await workerRig();
    ({ database, redis, queues } = rig);
    open = new OpenParts();
  });
  afterEach(async () => {
    const code = await open.close(() => {});
    await rig.close();
    expect(code).to.equal(0);
  });

  const environment = (changes: Record<string, string> = {}) => ({
    ...rig.places,
    SCHEDULE_SYNC: "* * * * * *",
    SCHEDULE_COST_INGEST: "off",
    SCHEDULE_HEALTH_CHECK: "off",
    ...changes,
  });
  const config = (changes: Record<string, string> = {}): Config =>
    readConfig(environment(changes), ["DATABASE_URL", "REDIS_URL"]);
  const slots = async (): Promise<string[]> => {
    const jobs = await queues.sync.getJobs();
    return jobs.map((job) => job.id ?? "");
  };

  it("takes out of the queues what no worker can run", async () => {
    const key = `${redis.prefix}:sync:wait`;
    await redis.connection().lpush(key, '{"task":"sync"}');
    const { log, lines } = testLog();

    await startScheduler(config({ SCHEDULE_SYNC: "off" }), log, open);

    const rejected = await until(() => lines.find((line) => line["msg"] === "job rejected"));
    expect(rejected).to.include({ queue: "sync", "error.code": "FOREIGN_ENTRY" });
    expect(await redis.connection().llen(key)).to.equal(0);
  });

  for (const service of ["PostgreSQL", "Redis"] as const) {
    it(`logs that ${service} is away and goes on when it is back`, async () => {
      await addCredentials(database.dataSource, [{}]);
      const { log, lines } = testLog();
      const isRedis = service === "Redis";
      const proxy = await startProxy(isRedis ? redis.url : database.url);
      const through = config({ [isRedis ? "REDIS_URL" : "DATABASE_URL"]: proxy.url });
      open.add(async () => proxy.close());
      await startScheduler(through, log, open);
      await until(async () => (await slots()).length > 0);

      proxy.cut();
      const complaint = isRedis ? "task failed; it is tried again" : "cannot run schedules";
      await until(() => lines.some((line) => line["msg"] === complaint));
      proxy.restore();

      const before = (await slots()).length;
      await until(async () => (await slots()).length > before);
    });
  }

  it("owes the slots of a time without Redis, and brings them to it when it is back", async () => {
    const ids = await addCredentials(database.dataSource, [{}, {}]);
    const { log, lines } = testLog();
    const proxy = await startProxy(redis.url);
    open.add(async () => proxy.close());
    await startScheduler(config({ REDIS_URL: proxy.url }), log, open);
    await until(async () => (await slots()).length > 0);

    proxy.cut();
    const before = lines.filter((line) => line["msg"] === "enqueued").length;
    const ofSlots = (): number => lines.filter((line) => line["msg"] === "enqueued").length;
    await until(() => ofSlots() >= before + 2);
    expect(await slots()).to.have.length.below(ofSlots() * ids.length);
    proxy.restore();

    const count = ofSlots();
    await until(async () => (await slots()).length >= count * ids.length);
  });

  it("enqueues nothing by the clock when SCHEDULES is off", async () => {
    await addCredentials(database.dataSource, [{}]);
    const { log, lines } = testLog();
    await startScheduler(config({ SCHEDULES: "off" }), log, open);
    const running = testLog();
    await startScheduler(config(), running.log, open);

    // The other one shows that a slot has come since.
    await until(() => running.lines.some((line) => line["msg"] === "enqueued"));
    expect(lines).to.deep.equal([]);
  });

  it("takes up a schedule that is added, edited or switched off while it runs", async () => {
    await addCredentials(database.dataSource, [{}]);
    const { log, lines } = testLog();
    await startScheduler(config({ SCHEDULE_SYNC: "off" }), log, open);
    const schedules = database.dataSource.getRepository(Schedule);
    const enqueued = (): unknown[] =>
      lines.filter((line) => line["msg"] === "enqueued").map((line) => line["queue"]);

    const row = { name: "often", queue: "sync", cron: "* * * * * *" };
    const { id } = await schedules.save(row);
    await until(() => enqueued().includes("sync"));
    await schedules.update(id, { queue: "health-check" });
    await until(() => enqueued().includes("health-check"));
    await schedules.update(id, { isEnabled: false });
    const { length } = enqueued();
    await schedules.update({ name: "cost-ingest" }, { cron: "* * * * * *", isEnabled: true });
    await until(() => enqueued().includes("cost-ingest"));

    // One more may have been under way.
    expect(enqueued().filter((queue) => queue !== "cost-ingest").length).to.be.at.most(length + 1);
  });

  it("tells orchestrators that it is ready, and that it is not while the database is away", async () => {
    const { log, lines } = testLog();
    const proxy = await startProxy(database.url);
    await startScheduler(config({ HEALTH_PORT: "0", DATABASE_URL: proxy.url }), log, open);
    const url = String(lines.find((line) => line["url"])?.["url"]);

    const ready = await fetch(`${url}/readyz`);
    expect(await ready.json()).to.deep.equal({
      status: "ready",
      checks: { database: "ok", migrations: "ok", redis: "ok" },
    });
    expect(await (await fetch(`${url}/metrics`)).text()).to.match(
      /mcw_build_info\{version="\d[^"]+",node="v[^"]+",role="scheduler"\} 1/,
    );

    await proxy.close();
    const away = await fetch(`${url}/readyz`);
    expect(away.status).to.equal(503);
    expect(await away.json()).to.have.nested.property("checks.redis", "ok");
  });

  it("ends with 0 at SIGTERM", async () => {
    const program = `
      import { readConfig } from "./runtime/config.ts";
      import { openLog } from "./runtime/log.ts";
      import { runUntilSignal } from "./runtime/shutdown.ts";
      import { startScheduler } from "./scheduler/main.ts";
      const config = readConfig(process.env, ["DATABASE_URL"]);
      const log = openLog("scheduler", "info");
      await runUntilSignal(log, async (open) => startScheduler(config, log, open));
      process.stdout.write("started\\n");`;
    const child = spawn(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "-e", program],
      { env: { ...process.env, ...environment() }, stdio: ["ignore", "pipe", "inherit"] },
    );
    let output = "";
    child.stdout.on("data", (data: Buffer) => {
      output += data.toString();
    });
    const exit = once(child, "exit");
    try {
      await until(() => output.includes("started\n"));
      child.kill("SIGTERM");
      expect(await exit).to.deep.equal([0, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });
});
