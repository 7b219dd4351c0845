import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { migrations } from "../../migrations/migrations.ts";
import { migrate, openDatabase } from "../../runtime/database.ts";
import { query, readCatalogue } from "../support/catalogue.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { runScript } from "../support/script.ts";
import { scratchDatabase } from "../support/template.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

describe("migrations", () => {
  it("go up, down and up again one by one, and every step leaves what it found", async () => {
    const database = await scratchDatabase();
    const dataSource = await openDatabase(database.url);
    const all = dataSource.migrations.slice();
    const catalogues = [await readCatalogue(database.url)];
    for (const count of all.keys()) {
      dataSource.migrations.splice(0, all.length, ...all.slice(0, count + 1));
      await dataSource.runMigrations();
      catalogues.push(await readCatalogue(database.url));
    }

    for (const earlier of catalogues.slice(0, -1).toReversed()) {
      await dataSource.undoLastMigration();
      expect(await readCatalogue(database.url)).to.deep.equal(earlier);
    }
    await dataSource.runMigrations();

    expect(await readCatalogue(database.url)).to.deep.equal(catalogues.at(-1));
    expect(new Set(catalogues.map((lines) => lines.join()))).to.have.length(all.length + 1);
    await dataSource.destroy();
    await database.drop();
  });

  it("run once when two processes migrate at the same moment", async () => {
    const database = await scratchDatabase();
    const program = `
      import { migrate, openDatabase } from "./runtime/database.ts";
      const database = await openDatabase(process.env.DATABASE_URL, { poolSize: 2 });
      console.log(JSON.stringify(await migrate(database)));
      await database.destroy();`;
    const env = { DATABASE_URL: database.url };

    const printed = await Promise.all([runScript(program, env), runScript(program, env)]);

    const ran = printed.flatMap((text): string[] => JSON.parse(text));
    expect(ran).to.deep.equal(migrations.map((Migration) => new Migration().name));
    await database.drop();
  });

  it("change nothing when they are run again", async () => {
    const database = await testDatabase();
    const catalogue = await readCatalogue(database.url);

    expect(await migrate(database.dataSource)).to.deep.equal([]);

    expect(await readCatalogue(database.url)).to.deep.equal(catalogue);
    await database.close();
  });
});

describe("entities", () => {
  let migrated: TestDatabase;
  before(async () => {
    migrated = await testDatabase();
  });
  after(() => migrated.close());

  it("agree with what the migrations build", async () => {
    const { upQueries } = await migrated.dataSource.driver.createSchemaBuilder().log();

    expect(upQueries.map((statement) => statement.query)).to.deep.equal([]);
  });

  it("build the same catalogue, but for the one thing they cannot say", async () => {
    const built = await scratchDatabase();
    const dataSource = await openDatabase(built.url);
    await dataSource.synchronize();
    await dataSource.destroy();

    const ofEntities = await readCatalogue(built.url);
    const ofMigrations = await readCatalogue(migrated.url);

    const distinct = ofMigrations.filter((line) => line.includes("NULLS NOT DISTINCT"));
    expect(distinct).to.have.length(2);
    const said = ofMigrations.map((line) => line.replace(/ NULLS NOT DISTINCT/, ""));
    expect(ofEntities).to.have.members(said);
    await built.drop();
  });

  it("are compared by npm run migration:check, which fails on a difference", async () => {
    const drifted = await testDatabase();
    await query(drifted.url, "ALTER TABLE cost_data ALTER COLUMN cost TYPE NUMERIC(10, 2)");

    const [agrees, differs] = await Promise.all([check(migrated.url), check(drifted.url)]);

    expect(agrees).to.deep.include({ code: 0 });
    expect(agrees.stdout).to.include("No changes in database schema were found");
    expect(differs).to.deep.include({ code: 1 });
    expect(differs.stdout).to.match(/ALTER TABLE "cost_data" ALTER COLUMN "cost" TYPE numeric/i);
    await drifted.close();
  });
});

async function check(url: string): Promise<{ code: number; stdout: string }> {
  const options = { cwd: root, env: { ...process.env, DATABASE_URL: url }, timeout: 50_000 };
  return run("npm", ["run", "-s", "migration:check"], options).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => error,
  );
}
