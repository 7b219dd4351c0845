import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { JobRun } from "../../entities/job-run.ts";
import { Schedule } from "../../entities/schedule.ts";
import { runDueSchedules } from "../../scheduler/run-due-schedules.ts";
import { addCredentials } from "../support/credentials.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type TestLog, testLog } from "../support/log.ts";

const minute = 60_000;
const hour = 60 * minute;

describe("runDueSchedules", () => {
  let database: TestDatabase;
  let logged: TestLog;
  /** Minute of the hour that comes in half an hour, so that no slot comes while a test looks. */
  let quiet: number;

  beforeEach(async () => {
    quiet = (new Date().getUTCMinutes() + 30) % 60;
    database = await testDatabase();
    logged = testLog();
    await addCredentials(database.dataSource, [{}]);
  });
  afterEach(async () => database.close());

  const run = async (enqueues = true): Promise<boolean> =>
    runDueSchedules({
      database: database.dataSource,
      log: logged.log,
      retentionDays: 90,
      enqueues,
    });
  const add = async (row: Partial<Schedule> = {}): Promise<Schedule> => {
    const every = { name: "hourly", queue: "sync", cron: `${quiet} * * * *` };
    return database.dataSource.getRepository(Schedule).save({ ...every, ...row });
  };
  const read = async (): Promise<Schedule> =>
    database.dataSource.getRepository(Schedule).findOneByOrFail({});
  /** As if no scheduler had run for a time; slots since then are missed. */
  const standStill = async (ms: number): Promise<void> => {
    await database.dataSource.query("UPDATE schedules SET effective_from = $1, next_slot = $1", [
      new Date(Date.now() - ms),
    ]);
  };
  const edit = async (assignments: string): Promise<void> => {
    await database.dataSource.query(`UPDATE schedules SET ${assignments}`);
  };
  /** How many jobs of a queue the ledger has been asked for. */
  const requested = async (queue: string): Promise<number> =>
    database.dataSource.getRepository(JobRun).countBy({ queue });
  /** Slots that were enqueued, in that order. */
  const slots = (): string[] =>
    logged.lines.filter((line) => line["msg"] === "enqueued").map((line) => String(line["slot"]));
  const newestSlot = (): number =>
    Math.floor((Date.now() - quiet * minute) / hour) * hour + quiet * minute;
  /** The newest `count` slots, oldest first. */
  const newestSlots = (count: number): string[] =>
    Array.from({ length: count }, (_, index) =>
      new Date(newestSlot() - (count - 1 - index) * hour).toISOString(),
    );

  it("owes a new schedule nothing, and says when its first slot comes", async () => {
    await add();

    expect(await run()).to.equal(true);

    expect(slots()).to.deep.equal([]);
    const { nextSlot, lastSlot } = await read();
    expect(lastSlot).to.equal(null);
    expect(nextSlot?.getTime()).to.equal(newestSlot() + hour);
  });

  it("enqueues a slot once and moves on", async () => {
    await add();
    await standStill(hour);

    await run();
    await run();

    expect(slots()).to.deep.equal(newestSlots(1));
    expect(await requested("sync")).to.equal(1);
    const { nextSlot, lastSlot } = await read();
    expect(lastSlot?.toISOString()).to.equal(slots()[0]);
    expect((nextSlot?.getTime() ?? 0) - (lastSlot?.getTime() ?? 0)).to.equal(hour);
  });

  it("goes on from now when the clock had been a year ahead and was put back", async () => {
    await add();
    await run();
    const year = "interval '1 year'";
    const [newest] = newestSlots(1);
    await edit(`last_slot = '${newest}'::timestamptz + ${year}, next_slot = next_slot + ${year}`);

    await run();

    expect(slots()).to.deep.equal([]);
    expect((await read()).nextSlot?.getTime()).to.equal(newestSlot() + hour);
    await standStill(hour);
    await edit("last_slot = last_slot - interval '1 hour'");
    await run();
    expect(slots()).to.deep.equal(newestSlots(1));
  });

  it("enqueues the newest of missed slots by the policy once", async () => {
    await add({ misfire: "once" });
    await standStill(10 * hour);

    await run();

    expect(slots()).to.deep.equal(newestSlots(1));
  });

  it("catches up with as many slots as the policy says, oldest first", async () => {
    await add({ misfire: "catch_up", catchUp: 3 });
    await standStill(10 * hour);

    await run();

    expect(slots()).to.deep.equal(newestSlots(3));
    expect(await requested("sync")).to.equal(3);
    expect((await read()).lastSlot?.toISOString()).to.equal(newestSlots(1)[0]);
  });

  it("catches up with no more slots than there were", async () => {
    await add({ misfire: "catch_up", catchUp: 50 });
    await standStill(2 * hour);

    await run();

    expect(slots()).to.deep.equal(newestSlots(2));
  });

  it("leaves out missed slots by the policy skip, and moves on", async () => {
    await add({ misfire: "skip" });
    await standStill(10 * hour);

    await run();

    expect(slots()).to.deep.equal([]);
    expect(logged.lines.map((line) => line["msg"])).to.deep.equal(["slot missed and skipped"]);
    const { lastSlot, nextSlot } = await read();
    expect(nextSlot?.getTime()).to.be.above(Date.now());
    expect((nextSlot?.getTime() ?? 0) - (lastSlot?.getTime() ?? 0)).to.equal(hour);
  });

  it("takes a slot that has just come for no missed one", async () => {
    await add({ misfire: "skip", cron: "* * * * * *" });
    await standStill(10 * hour);

    await run();

    expect(slots()).to.have.length(1);
  });

  it("takes up an edit at once and owes nothing from before", async () => {
    await add({ cron: "0 0 1 1 *" });
    await run();

    // Clocks there are half an hour off.
    await edit(`cron = '${(quiet + 30) % 60} * * * *', time_zone = 'Asia/Kolkata'`);
    await run();

    const { nextSlot, revision } = await read();
    expect(nextSlot?.getTime()).to.equal(newestSlot() + hour);
    expect(revision).to.equal(2);
    expect(slots()).to.deep.equal([]);
  });

  it("owes nothing of the time in which a schedule was switched off", async () => {
    await add({ misfire: "catch_up", catchUp: 10 });
    await edit("is_enabled = FALSE");
    await standStill(10 * hour);
    await run();
    await edit("is_enabled = TRUE");

    await run();

    expect(slots()).to.deep.equal([]);
  });

  it("says what is wrong with a row that was written wrongly, once, and runs the others", async () => {
    await add({ name: "broken", cron: "0 0 31 2 *" });
    await add();
    await standStill(hour);

    expect(await run()).to.equal(true);
    expect(await run()).to.equal(true);

    expect(slots()).to.deep.equal(newestSlots(1));
    const told = logged.lines.filter((line) => line["msg"] === "schedule cannot be run");
    expect(told.map((line) => line["schedule"])).to.deep.equal(["broken"]);
    const broken = await database.dataSource.getRepository(Schedule).findOneBy({ name: "broken" });
    expect(broken?.problem).to.equal("cron: it never comes");

    await edit("cron = '30 * * * *'");
    await run();
    const mended = await database.dataSource.getRepository(Schedule).findOneBy({ name: "broken" });
    expect(mended).to.include({ problem: null, revision: 2 });
    expect(mended?.nextSlot).to.be.instanceOf(Date);
  });

  it("keeps a slot due that could not be enqueued, and other schedules running", async () => {
    await add({ name: "first", queue: "health-check" });
    await add({ name: "second" });
    await standStill(hour);
    // The second page of the first one cannot be written.
    await database.dataSource.query(
      `ALTER TABLE job_runs ADD CONSTRAINT in_the_way CHECK (queue <> 'health-check' OR credential_id <= 1000)`,
    );
    await addCredentials(
      database.dataSource,
      Array.from({ length: 1_000 }, () => ({})),
    );

    expect(await run()).to.equal(false);
    expect(logged.lines.map((line) => line["queue"] ?? line["msg"])).to.deep.equal([
      "cannot run schedule",
      "sync",
    ]);
    expect(await requested("health-check")).to.equal(0);

    await database.dataSource.query("ALTER TABLE job_runs DROP CONSTRAINT in_the_way");
    expect(await run()).to.equal(true);
    expect(await requested("health-check")).to.equal(1_001);
  });

  for (const enqueues of [true, false]) {
    it(`forgets old jobs at the slots of retention, ${enqueues ? "like any schedule" : "also where nothing is enqueued by the clock"}`, async () => {
      await add({ name: "retention", queue: "retention" });
      await add();
      await standStill(hour);
      await database.dataSource.query(
        `INSERT INTO job_runs (id, queue, job_id, queued_at, state, fencing_token, payload, finished_at)
         SELECT gen_random_uuid(), 'sync', n::text, now(), 'done', 1, '{}', now() - make_interval(days => n)
         FROM generate_series(88, 93) n`,
      );

      expect(await run(enqueues)).to.equal(true);
      await run(enqueues);

      const told = logged.lines.filter((line) => line["msg"] === "forgot old jobs");
      expect(told.map((line) => line["jobs"])).to.deep.equal([4]);
      expect(await requested("sync")).to.equal(enqueues ? 3 : 2);
    });
  }

  it("goes with the user or the credential it is for", async () => {
    const [credentialId = 0] = await addCredentials(database.dataSource, [{}]);
    const [row]: { user_id: number }[] = await database.dataSource.query(
      "SELECT user_id FROM credentials WHERE id = $1",
      [credentialId],
    );
    await add({ name: "of credential", credentialId });
    await add({ name: "of user", userId: row?.user_id ?? 0 });
    await add({ name: "of all" });
    const names = async (): Promise<string[]> => {
      const rows = await database.dataSource.getRepository(Schedule).find({ order: { id: "ASC" } });
      return rows.map(({ name }) => name);
    };

    await database.dataSource.query("DELETE FROM credentials WHERE id = $1", [credentialId]);
    expect(await names()).to.deep.equal(["of user", "of all"]);
    await database.dataSource.query("DELETE FROM users WHERE id = $1", [row?.user_id]);
    expect(await names()).to.deep.equal(["of all"]);
  });
});
