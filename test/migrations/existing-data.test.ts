import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { DataSource } from "typeorm";
import { migrate, openDatabase } from "../../runtime/database.ts";
import { query } from "../support/catalogue.ts";
import { type ScratchDatabase, scratchDatabase } from "../support/template.ts";

/** One row or more in every table of the owner's schema, as another service writes them. */
const rows = `
  INSERT INTO users (email, hashed_password, full_name) VALUES ('a@example.com', '$2b$12$x', 'A'), ('b@example.com', '$2b$12$y', NULL);
  INSERT INTO credentials (user_id, provider, name, access_key, secret_key, region)
    VALUES (1, 'aws', 'AWS', 'gAAAAABl-a', 'gAAAAABl-b', 'us-east-1');
  INSERT INTO resource_inventory (user_id, resource_id, resource_name, resource_type, provider, region, status, metadata)
    VALUES (1, 'i-1234567890abcdef0', 'web-server-01', 'vm', 'aws', 'us-east-1', 'running', '{"tags":{"Team":"backend"}}'),
           (2, repeat('x', 255), NULL, 'storage', 'azure', NULL, NULL, NULL);
  INSERT INTO cost_data (user_id, provider, service, resource_id, cost, date, billing_period)
    VALUES (1, 'aws', 'EC2', NULL, 0.01, '2024-02-11', '2024-02'), (1, 'aws', repeat('s', 255), 'i-1', 99999999.99, '2024-02-29', '2024-02'),
           (2, 'gcp', NULL, NULL, -45.67, '2024-02-11', NULL);
  INSERT INTO provider_health (user_id, provider, status, response_time_ms) VALUES (1, 'aws', 'healthy', 145), (1, 'aws', 'error', NULL);
  INSERT INTO resources (user_id, name, provider, type, status, terraform_output)
    VALUES (1, 'web-server-prod', 'aws', 'vm', 'active', '{"logs":"Apply complete"}'), (2, 'b', 'gcp', 'network', NULL, NULL);
  INSERT INTO terraform_states (resource_id, state_data, version) VALUES (1, '{"serial":1}', 1), (1, '{"serial":2}', 2), (2, '{}', 7);`;

const tables = [
  "users",
  "credentials",
  "resource_inventory",
  "cost_data",
  "provider_health",
  "resources",
  "terraform_states",
];

describe("migrations of a database with data", () => {
  let database: ScratchDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await scratchDatabase();
    dataSource = await openDatabase(database.url);
    const later = dataSource.migrations.splice(1);
    await dataSource.runMigrations();
    dataSource.migrations.push(...later);
    await query(database.url, rows);
  });
  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it("keep every value of every row, up and down", async () => {
    const before = await readTables();

    await migrate(dataSource);
    expect(await readTables(before)).to.deep.equal(before);

    await goBack(dataSource.migrations.length - 1);
    expect(await readTables()).to.deep.equal(before);
  });

  it("number states that were all stored as version 1, and leave other resources alone", async () => {
    await query(
      database.url,
      `INSERT INTO terraform_states (resource_id, state_data) VALUES (1, '{"serial":3}');
       INSERT INTO terraform_states (resource_id, state_data, version) VALUES (1, '{"serial":0}', NULL)`,
    );

    await migrate(dataSource);

    const sql = `SELECT state_data->>'serial' AS serial, version FROM terraform_states ORDER BY resource_id, version`;
    expect(await query(database.url, sql)).to.deep.equal([
      { serial: "0", version: 1 },
      { serial: "1", version: 2 },
      { serial: "3", version: 3 },
      { serial: "2", version: 4 },
      { serial: null, version: 7 },
    ]);
  });

  it("round money and cut long texts on the way back", async () => {
    await migrate(dataSource);
    await query(
      database.url,
      `UPDATE cost_data SET cost = 0.0149999, service = repeat('é', 300) WHERE id = 1`,
    );

    await goBack(dataSource.migrations.length - 1);

    const [row] = await query(
      database.url,
      `SELECT cost, length(service) FROM cost_data WHERE id = 1`,
    );
    expect(row).to.deep.equal({ cost: "0.01", length: 255 });
  });

  it("refuse to go back while two users hold the same resource, and lose nothing", async () => {
    await migrate(dataSource);
    // Steps after the fourth may have added columns, which go with them.
    await goBack(dataSource.migrations.length - 4);
    await query(
      database.url,
      `INSERT INTO resource_inventory (user_id, resource_id, resource_type, provider)
       VALUES (2, 'i-1234567890abcdef0', 'vm', 'aws')`,
    );
    const before = await readTables();

    const error = await goBack(3).catch((thrown: Error) => thrown);

    expect(error).to.be.an("error").with.property("message").that.includes("resource_id_key");
    expect(await readTables(before)).to.deep.equal(before);
    const ran = await query(database.url, `SELECT name FROM schema_migrations ORDER BY id`);
    expect(ran.at(-1)).to.have.property("name").that.includes("InventoryScopes");
  });

  async function goBack(steps: number): Promise<void> {
    for (let step = 0; step < steps; step += 1) await dataSource.undoLastMigration();
  }

  /** Every row of the owner's tables; with `like`, only the columns that its rows have. */
  async function readTables(like?: Record<string, Record<string, unknown>[]>) {
    const contents: Record<string, Record<string, unknown>[]> = {};
    for (const table of tables) {
      const names = like ? Object.keys(like[table]?.[0] ?? {}).join() : "*";
      contents[table] = await query(database.url, `SELECT ${names} FROM ${table} ORDER BY id`);
    }
    return contents;
  }
});
