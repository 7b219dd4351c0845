import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { InitialSchema } from "../../migrations/0001-initial-schema.ts";
import { migrate, openDatabase } from "../../runtime/database.ts";
import { query, readCatalogue } from "../support/catalogue.ts";
import { multicloud } from "../support/command.ts";
import { ownerDocument, schemaSql } from "../support/owner-document.ts";
import { type ScratchDatabase, scratchDatabase } from "../support/template.ts";

describe("migrate, where the platform has made its tables already", () => {
  let database: ScratchDatabase;

  beforeEach(async () => {
    database = await scratchDatabase();
    const dataSource = await openDatabase(database.url);
    await new InitialSchema().up(dataSource.createQueryRunner());
    await dataSource.destroy();
    // §3.4 of the owner's document lists this index, its SQL in §6.1 forgets it.
    await query(database.url, "DROP INDEX idx_cost_data_service");
  });
  afterEach(async () => database.drop());

  const migrateAll = async (): Promise<string[]> => {
    const dataSource = await openDatabase(database.url, { poolSize: 2 });
    try {
      return await migrate(dataSource);
    } finally {
      await dataSource.destroy();
    }
  };

  it("takes them over with their rows, and ends where an empty database ends", async () => {
    await query(
      database.url,
      `INSERT INTO users (email, hashed_password) VALUES ('a@example.com', 'x');
       INSERT INTO cost_data (user_id, provider, cost, date) VALUES (1, 'aws', 45.67, '2024-02-11');
       ALTER TABLE users ADD COLUMN locale TEXT; CREATE TABLE alembic_version (version_num TEXT)`,
    );

    const first = await migrateAll();
    const second = await migrateAll();

    expect(first).to.not.include("InitialSchema1763856000001");
    expect(first).to.include("Schedules1763856000014");
    expect(second).to.deep.equal([]);
    const rows = await query(database.url, "SELECT email, cost FROM users JOIN cost_data ON true");
    expect(rows).to.deep.equal([{ email: "a@example.com", cost: "45.67" }]);
    const built = await readCatalogue(database.url);
    expect(built.filter((line) => !/locale|alembic/.test(line))).to.deep.equal(await fromEmpty());
  });

  it("may be run by many processes at once", async () => {
    const ran = await Promise.all([migrateAll(), migrateAll(), migrateAll()]);

    expect(ran.filter((steps) => steps.length > 0)).to.have.length(1);
  });

  it("says what is different, in one JSON document, and changes nothing", async () => {
    await query(
      database.url,
      `ALTER TABLE cost_data ALTER COLUMN cost TYPE real; ALTER TABLE resources DROP COLUMN details;
       ALTER TABLE resource_inventory DROP CONSTRAINT resource_inventory_resource_id_key`,
    );
    const before = await readCatalogue(database.url);

    const { PATH = "", HOME = "" } = process.env;
    const environment = { PATH, HOME, DATABASE_URL: database.url };
    const answer = await multicloud(["migrate"], { environment });

    expect(answer.exitCode).to.equal(1);
    expect(answer.json).to.have.nested.property("error.code", "SCHEMA_MISMATCH");
    const missing = answer.stderr.split("\n").filter((line) => /^ +(?:column|constr)/.test(line));
    expect(missing.map((line) => line.trim())).to.have.members([
      "column cost_data.cost numeric(10,2) not null",
      "column resources.details text",
      "constraint resource_inventory.resource_inventory_resource_id_key UNIQUE (resource_id)",
    ]);
    expect(await readCatalogue(database.url)).to.deep.equal(before);
  });

  if (ownerDocument !== null) {
    const sql = schemaSql(ownerDocument);
    it("takes over what the SQL of the owner's document has built", async () => {
      await database.drop();
      database = await scratchDatabase();
      await query(database.url, sql);

      await migrateAll();

      expect(await readCatalogue(database.url)).to.deep.equal(await fromEmpty());
    });
  }

  async function fromEmpty(): Promise<string[]> {
    const empty = await scratchDatabase();
    const dataSource = await openDatabase(empty.url);
    await migrate(dataSource);
    await dataSource.destroy();
    const catalogue = await readCatalogue(empty.url);
    await empty.drop();
    return catalogue;
  }
});
