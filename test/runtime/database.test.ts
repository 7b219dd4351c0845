import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { CostData } from "../../entities/cost-data.ts";
import { JobRun } from "../../entities/job-run.ts";
import { User } from "../../entities/user.ts";
import { openDatabase } from "../../runtime/database.ts";
import { query } from "../support/catalogue.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { runScript } from "../support/script.ts";

/** In New York: an hour that does not exist, the last moment before it, one that comes twice, and the new year. */
const moments = [
  "2024-03-10T02:30:00.000Z",
  "2024-03-10T06:59:59.999Z",
  "2024-03-10T07:00:00.000Z",
  "2024-11-03T05:30:00.000Z",
  "2024-11-03T06:30:00.000Z",
  "2024-12-31T23:59:59.123Z",
];

describe("a data source", () => {
  let test: TestDatabase;
  before(async () => {
    test = await testDatabase();
  });
  after(() => test.close());

  for (const zone of ["America/New_York", "Asia/Kolkata"]) {
    it(`writes and reads timestamps in UTC and dates as they are in a process in ${zone}`, async () => {
      const program = `
        import { openDatabase } from "./runtime/database.ts";
        const database = await openDatabase(process.env.DATABASE_URL);
        const users = database.getRepository("users");
        const costs = database.getRepository("cost_data");
        const seen = [];
        for (const moment of ${JSON.stringify(moments)}) {
          const createdAt = new Date(moment);
          const { id } = await users.save({ email: process.env.TZ + moment, hashedPassword: "x", createdAt });
          const found = await users.findOneByOrFail({ id, createdAt });
          const date = moment.slice(0, 10);
          await costs.insert({ userId: id, provider: "aws", cost: "1", date });
          const cost = await costs.findOneByOrFail({ userId: id, date });
          const [raw] = await database.query("SELECT date FROM cost_data WHERE user_id = $1", [id]);
          seen.push({ moment: found.createdAt.toISOString(), date: cost.date, raw: raw.date });
        }
        console.log(JSON.stringify(seen));
        await database.destroy();`;

      const printed = await runScript(program, { DATABASE_URL: test.url, TZ: zone });

      const days = moments.map((moment) => ({ moment, date: moment.slice(0, 10) }));
      const expected = days.map(({ moment, date }) => ({ moment, date, raw: date }));
      expect(JSON.parse(printed)).to.deep.equal(expected);
      const sql = `SELECT users.created_at::text, date::text FROM users JOIN cost_data ON user_id = users.id
                   WHERE email LIKE $1 ORDER BY users.id`;
      const stored = days.map(({ moment, date }) => {
        const text = moment.replace("T", " ").replace(/\.?0*Z$/, "");
        return { created_at: text, date };
      });
      expect(await query(test.url, sql, [`${zone}%`])).to.deep.equal(stored);
    });
  }

  it("stores UTC by default also in a database whose own zone is another", async () => {
    const name = new URL(test.url).pathname.slice(1);
    await query(test.url, `ALTER DATABASE ${name} SET timezone = 'America/New_York'`);
    const database = await openDatabase(test.url);
    const started = Date.now();

    const user = { email: "default@example.com", hashedPassword: "x" };
    const { id } = await database.manager.save(User, user);

    const found = await database.manager.findOneByOrFail(User, { id });
    await database.destroy();
    expect(found.createdAt?.getTime()).to.be.within(started - 1_000, Date.now() + 1_000);
  });

  it("hands over money and large integers as strings, to the last digit", async () => {
    const { manager } = test.dataSource;
    const user = await manager.save(User, { email: "money@example.com", hashedPassword: "x" });
    const cost = "12345678901234567890.00000000000000000001234567890";
    const day = { provider: "aws", date: "2024-02-29" };
    await manager.insert(CostData, { userId: user.id, ...day, cost });
    const run = { queue: "sync", jobId: "1", queuedAt: new Date(), state: "running" } as const;
    const id = crypto.randomUUID();
    await manager.insert(JobRun, { id, ...run, fencingToken: "9223372036854775807" });

    const row = await manager.findOneByOrFail(CostData, { userId: user.id });
    const { fencingToken } = await manager.findOneByOrFail(JobRun, { id });
    const sql = `SELECT cost, 9223372036854775807 AS big FROM cost_data WHERE user_id = $1`;
    const [raw] = await manager.query(sql, [user.id]);

    expect(row.cost).to.equal(cost);
    expect(fencingToken).to.equal("9223372036854775807");
    expect(raw).to.deep.equal({ cost, big: "9223372036854775807" });
  });
});
