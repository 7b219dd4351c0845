import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "bullmq";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Schedule } from "../../entities/schedule.ts";
import { closeQueues, openQueues, type Queues } from "../../queues/open-queues.ts";
import { addCredentials } from "../support/credentials.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";
import { until } from "../support/until.ts";

const root = join(import.meta.dirname, "../..");
const skewedClock = pathToFileURL(join(root, "test/support/skewed-clock.ts")).href;
const program = `
  import { readConfig } from "./runtime/config.ts";
  import { openLog } from "./runtime/log.ts";
  import { runUntilSignal } from "./runtime/shutdown.ts";
  import { startScheduler } from "./scheduler/main.ts";
  process.stdout.write(JSON.stringify({ clock: Date.now() }) + "\\n");
  const config = readConfig(process.env, ["DATABASE_URL"]);
  const log = openLog("scheduler", "info");
  await runUntilSignal(log, async (open) => startScheduler(config, log, open));`;

/** A scheduler in a process of its own, with a clock of its own. */
interface Replica {
  process: ChildProcess;
  /** What its clock showed, and ours. */
  clocks: [number, number] | null;
  /** Slots that it enqueued. */
  slots: string[];
}

/** Five processes start slowly on a busy machine. */
const patient = { timeoutMs: 60_000 };
const skews = [-2_000, -1_000, 0, 1_000, 2_000];

describe("replicas of the scheduler", () => {
  let database: TestDatabase;
  let redis: TestRedis;
  let queues: Queues;
  let replicas: Replica[];

  beforeEach(async () => {
    database = await testDatabase();
    redis = testRedis();
    queues = openQueues(redis.connection(), redis.prefix, () => {});
    replicas = [];
  });
  afterEach(async () => {
    for (const replica of replicas) await kill(replica);
    await closeQueues(queues);
    await Promise.all([redis.close(), database.close()]);
  });

  const start = (skewMs: number): Replica => {
    const imports = ["--import", "tsx", "--import", skewedClock];
    const child = spawn(process.execPath, [...imports, "--input-type=module", "-e", program], {
      cwd: root,
      env: {
        ...process.env,
        DATABASE_URL: database.url,
        REDIS_URL: redis.url,
        QUEUE_PREFIX: redis.prefix,
        SCHEDULE_SYNC: "off",
        SCHEDULE_COST_INGEST: "off",
        SCHEDULE_HEALTH_CHECK: "off",
        CLOCK_SKEW_MS: String(skewMs),
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const replica: Replica = { process: child, clocks: null, slots: [] };
    let rest = "";
    child.stdout.on("data", (data: Buffer) => {
      const lines = (rest + data.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const { clock, slot, msg }: { clock?: number; slot?: string; msg?: string } =
          JSON.parse(line);
        if (clock !== undefined) replica.clocks = [clock, Date.now()];
        if (slot !== undefined && msg === "enqueued") replica.slots.push(slot);
      }
    });
    return replica;
  };
  const kill = async ({ process: child }: Replica): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  const lastSlot = async (): Promise<number> => {
    const row = await database.dataSource.getRepository(Schedule).findOneBy({ name: "sync" });
    return row?.lastSlot?.getTime() ?? 0;
  };

  it("enqueue each slot exactly once with clocks that differ by four seconds, while two are killed", async () => {
    const credentials = await addCredentials(database.dataSource, [{}, {}, {}]);
    const everySecond = { name: "sync", queue: "sync", cron: "* * * * * *" };
    const row = { ...everySecond, misfire: "catch_up", catchUp: 100 } as const;
    await database.dataSource.getRepository(Schedule).save(row);
    replicas = skews.map(start);
    const started = until(() => replicas.every((replica) => replica.clocks !== null), patient);
    const done: string[] = [];
    // Jobs that are done at once are what a late replica would enqueue again.
    const work = async ({ id = "" }: { id?: string | undefined }) => {
      // This worker tells the ledger nothing, so the reconciler may put back, under ids of its own, what is done.
      if (id.startsWith("sync-")) done.push(id);
    };
    const connection = redis.connection();
    const worker = new Worker("sync", work, { connection, prefix: redis.prefix });
    await started;
    await until(async () => (await lastSlot()) > 0, patient);

    const [first, second] = replicas.filter((replica) => replica.slots.length > 0);
    const victims = [first, second ?? replicas.find((replica) => replica !== first)];
    const begin = await lastSlot();
    for (const [index, victim] of victims.entries()) {
      await until(async () => (await lastSlot()) >= begin + 2_000 * (index + 1), patient);
      if (victim) await kill(victim);
    }
    await until(async () => (await lastSlot()) >= begin + 8_000, patient);
    const survivors = replicas.filter((replica) => !victims.includes(replica));
    for (const survivor of survivors) survivor.process.kill("SIGTERM");
    await Promise.all(
      survivors.map(async ({ process: child }) => child.exitCode ?? once(child, "exit")),
    );
    const end = await lastSlot();
    const open = ["waiting", "delayed", "active"] as const;
    await until(async () => (await queues.sync.getJobCountByTypes(...open)) === 0, patient);
    await worker.close();

    for (const [index, { clocks }] of replicas.entries()) {
      const [own = 0, ours = 0] = clocks ?? [];
      expect(own - ours).to.be.closeTo(skews[index] ?? 0, 500);
    }
    // No job was done twice, none is left, and every second has one for each credential.
    expect(new Set(done).size).to.equal(done.length);
    const slots = [...new Set(done.map((id) => id.split("-").slice(3).join("-")))].toSorted();
    const seconds = Array.from({ length: slots.length }, (_, index) =>
      new Date(end - (slots.length - 1 - index) * 1_000).toISOString().replaceAll(":", ""),
    );
    expect(slots).to.deep.equal(seconds);
    expect(done.length).to.equal(slots.length * credentials.length);
    expect(slots.length).to.be.above(8);
  }).timeout(120_000);
});
