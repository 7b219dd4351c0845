import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Schedule } from "../../entities/schedule.ts";
import { addCredentials } from "../support/credentials.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

const minute = 60_000;
const root = join(import.meta.dirname, "../..");

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

describe("multicloud schedules", function () {
  this.timeout(120_000);
  let database: TestDatabase;
  beforeEach(async () => {
    database = await testDatabase();
  });
  afterEach(async () => database.close());

  const run = async (...args: string[]): Promise<Ran> =>
    new Promise((resolve) => {
      const command = ["--import", "tsx", "cli/main.ts", "schedules", ...args];
      const env = { ...process.env, DATABASE_URL: database.url };
      const options = { cwd: root, env, timeout: 100_000 };
      execFile(process.execPath, command, options, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
      });
    });
  const read = async (name: string): Promise<Schedule | null> =>
    database.dataSource.getRepository(Schedule).findOneBy({ name });

  it("adds, changes, switches, shows and removes a schedule", async () => {
    const [credentialId = 0] = await addCredentials(database.dataSource, [{}]);
    const times = ["--cron", "30 2 * * *", "--time-zone", "Europe/Berlin"];
    const scope = ["--credential", String(credentialId), "--payload", '{"regions":["eu-west-1"]}'];
    const added = await run("add", "--name", "nightly", "--queue", "sync", ...times, ...scope);
    expect(added).to.deep.equal({
      code: 0,
      stdout: `Added nightly: sync, 30 2 * * * Europe/Berlin, credential ${credentialId}, missed: once, next –\n`,
      stderr: "",
    });
    expect(await read("nightly")).to.deep.include({
      credentialId,
      payload: { regions: ["eu-west-1"] },
    });

    await run("set", "nightly", "--cron", "0 5 1 1 *", "--misfire", "catch_up", "--catch-up", "3");
    expect(await read("nightly")).to.include({
      cron: "0 5 1 1 *",
      timeZone: "Europe/Berlin",
      credentialId,
      misfire: "catch_up",
      catchUp: 3,
      revision: 2,
    });

    const next = await run("next", "nightly", "-n", "2", "-o", "json");
    const asked: { name: string; slots: string[] } = JSON.parse(next.stdout);
    const year = Number(asked.slots[0]?.slice(0, 4));
    const slots = [`${year}-01-01T04:00:00.000Z`, `${year + 1}-01-01T04:00:00.000Z`];
    expect(asked).to.deep.equal({ name: "nightly", slots });
    expect(Date.parse(slots[0] ?? "") - Date.now()).to.be.within(-minute, 366 * 24 * 60 * minute);

    await run("disable", "nightly");
    const listed = await run("list", "-o", "json");
    expect(JSON.parse(listed.stdout)).to.have.nested.property("schedules[0].isEnabled", false);
    await run("enable", "nightly");
    expect(await read("nightly")).to.include({ isEnabled: true });
    expect(await run("remove", "nightly")).to.include({ stdout: "Removed nightly.\n" });
    expect(await read("nightly")).to.equal(null);
  });

  it("says which field is wrong and changes nothing", async () => {
    const schedules = database.dataSource.getRepository(Schedule);
    const row = { name: "sync", queue: "sync", cron: "0 * * * *", environment: "0 * * * *" };
    await schedules.save(row);
    const add = ["add", "--queue", "sync", "--name"];
    const hourly = ["--cron", "0 * * * *"];
    const failures = await Promise.all([
      run("set", "sync", "--cron", "0 3 1 * 1", "-o", "json"),
      run(...add, "sync", ...hourly),
      run(...add, "mine", ...hourly, "--user", "77"),
      run("remove", "sync"),
      run("enable", "other"),
    ]);

    expect(failures.map(({ code }) => code)).to.deep.equal([1, 1, 1, 1, 1]);
    const [both] = failures;
    expect(JSON.parse(both?.stdout ?? "")).to.deep.equal({
      error: {
        code: "SCHEDULE_INVALID",
        message: "cron: restrict the day of the month or the day of the week, not both",
      },
    });
    expect(failures.slice(1).map(({ stderr }) => stderr)).to.deep.equal([
      "multicloud: name: there is a schedule sync already\n",
      "multicloud: user_id: there is no user 77\n",
      "multicloud: sync is a default that comes back at the next start: disable it\n",
      "multicloud: there is no schedule other\n",
    ]);
    expect(await schedules.find()).to.have.length(1);
    expect(await read("sync")).to.include({ cron: "0 * * * *", revision: 1 });
  });
});
