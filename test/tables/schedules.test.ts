import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Schedule } from "../../entities/schedule.ts";
import {
  applyDefaultSchedule,
  claimDueSchedule,
  type DefaultSchedule,
  findDueSchedules,
  moveSchedule,
} from "../../tables/schedules.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

describe("schedules", () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await testDatabase();
  });
  afterEach(async () => database.close());

  const read = async (): Promise<Schedule> =>
    database.dataSource.getRepository(Schedule).findOneByOrFail({});
  const edit = async (assignments: string): Promise<void> => {
    await database.dataSource.query(`UPDATE schedules SET ${assignments}`);
  };

  describe("a claim of a schedule", () => {
    let id: number;
    beforeEach(async () => {
      const row = { name: "hourly", queue: "sync", cron: "0 * * * *" };
      ({ id } = await database.dataSource.getRepository(Schedule).save(row));
    });

    const slots = () => ({ lastSlot: new Date(0), nextSlot: new Date(Date.now() + 60_000) });

    it("is had by one at a time and ends with its transaction", async () => {
      const { dataSource } = database;
      await dataSource.transaction(async (manager) => {
        expect(await claimDueSchedule(manager, id)).not.to.equal(null);
        const other = await dataSource.transaction(async (another) =>
          claimDueSchedule(another, id),
        );
        expect(other).to.equal(null);
      });

      const later = await dataSource.transaction(async (manager) => claimDueSchedule(manager, id));
      expect(later?.schedule.id).to.equal(id);
    });

    it("ends when the process that has it is gone", async () => {
      const { dataSource } = database;
      const runner = dataSource.createQueryRunner();
      await runner.startTransaction();
      const [backend]: { pid: number }[] = await runner.query("SELECT pg_backend_pid() AS pid");
      await claimDueSchedule(runner.manager, id);

      await dataSource.query("SELECT pg_terminate_backend($1, 5000)", [backend?.pid]);

      const other = await dataSource.transaction(async (manager) => claimDueSchedule(manager, id));
      expect(other?.schedule.id).to.equal(id);
      await runner.release();
    });

    it("is not given of a schedule that has been moved on since it was found due", async () => {
      expect(await findDueSchedules(database.dataSource)).to.deep.equal([id]);
      const { manager } = database.dataSource;
      expect(await moveSchedule(manager, await read(), slots())).to.equal(true);

      const late = await database.dataSource.transaction(async (own) => claimDueSchedule(own, id));
      expect(late).to.equal(null);
      expect(await findDueSchedules(database.dataSource)).to.deep.equal([]);
    });

    it("does not hinder an edit, and moves nothing after one", async () => {
      const moved = await database.dataSource.transaction(async (manager) => {
        const claimed = await claimDueSchedule(manager, id);
        await edit('payload = \'{"regions":["eu-west-1"]}\'');
        return claimed && moveSchedule(manager, claimed.schedule, slots());
      });

      expect(moved).to.equal(false);
      expect(await read()).to.include({ lastSlot: null, nextSlot: null, revision: 2 });
    });

    it("moves nothing that another process has moved on already", async () => {
      const seen = await read();
      const { manager } = database.dataSource;

      expect(await moveSchedule(manager, seen, slots())).to.equal(true);
      expect(await moveSchedule(manager, seen, slots())).to.equal(false);
    });
  });

  describe("a default schedule", () => {
    const apply = async (changes: Partial<DefaultSchedule> = {}): Promise<Schedule> => {
      const sync = { name: "sync", queue: "sync", cron: "*/30 * * * *", payload: {} };
      await applyDefaultSchedule(database.dataSource, { ...sync, isEnabled: true, ...changes });
      return read();
    };

    it("is added once, however often and from wherever it is applied", async () => {
      await Promise.all(Array.from({ length: 5 }, async () => apply()));

      expect(await apply()).to.include({ cron: "*/30 * * * *", isEnabled: true, revision: 1 });
      expect(await database.dataSource.getRepository(Schedule).count()).to.equal(1);
    });

    it("follows the environment as long as nobody has edited its times", async () => {
      await apply();
      expect(await apply({ cron: "0 * * * *" })).to.include({ cron: "0 * * * *", revision: 2 });
      await edit("misfire = 'skip'");
      expect(await apply({ isEnabled: false })).to.include({ cron: "0 * * * *", isEnabled: false });
      expect(await apply({ cron: "5 * * * *" })).to.include({ cron: "5 * * * *", isEnabled: true });
    });

    for (const change of [
      "cron = '1 * * * *'",
      "is_enabled = FALSE",
      "time_zone = 'Asia/Kolkata'",
    ]) {
      it(`stays as it is when somebody has set ${change}`, async () => {
        await apply();
        await edit(change);
        const edited = await read();

        expect(await apply({ cron: "0 * * * *" })).to.deep.equal(edited);
      });
    }

    it("stays off when the environment says so, and on when somebody then switched it on", async () => {
      expect(await apply({ isEnabled: false })).to.include({
        isEnabled: false,
        environment: "off",
      });
      await edit("is_enabled = TRUE");

      expect(await apply({ isEnabled: false })).to.include({ isEnabled: true });
    });

    it("leaves a row of the same name alone that somebody added", async () => {
      const own = { name: "sync", queue: "sync", cron: "7 * * * *" };
      await database.dataSource.getRepository(Schedule).save(own);

      expect(await apply()).to.include({ cron: "7 * * * *", environment: null });
    });
  });
});
