import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { InitialSchema } from "../../migrations/0001-initial-schema.ts";
import { openDatabase } from "../../runtime/database.ts";
import { query, readCatalogue } from "../support/catalogue.ts";
import {
  documentedCascades,
  documentedTables,
  ownerDocument,
  schemaSql,
} from "../support/owner-document.ts";
import { type ScratchDatabase, scratchDatabase } from "../support/template.ts";

/** What the SQL of the document builds, as read from a database once: for checkouts without the document. */
const record = readFileSync(join(import.meta.dirname, "owner-schema.txt"), "utf8");

/** §3.4 lists this index, §6.1 forgets it; the list wins. */
const forgotten =
  "index CREATE INDEX idx_cost_data_service ON public.cost_data USING btree (service)";

/** The document's names of types, as the catalogue calls what its SQL makes of them. */
const typeNames: Record<string, string> = {
  BOOLEAN: "boolean",
  DATE: "date",
  DECIMAL: "numeric",
  INTEGER: "integer",
  JSON: "jsonb",
  TEXT: "text",
  TIMESTAMP: "timestamp without time zone",
  VARCHAR: "character varying",
};

describe("migration 1", () => {
  let database: ScratchDatabase;
  let catalogue: string[];

  before(async () => {
    database = await scratchDatabase();
    const dataSource = await openDatabase(database.url);
    await new InitialSchema().up(dataSource.createQueryRunner());
    await dataSource.destroy();
    catalogue = await readCatalogue(database.url);
  });
  after(() => database.drop());

  const absent = ownerDocument === null ? " (the document itself is not beside this checkout)" : "";
  it(`builds what is recorded of the owner's SQL, and the index its §3.4 lists${absent}`, () => {
    const recorded = record.trimEnd().split("\n");

    expect(recorded).to.have.length.above(100);
    expect(catalogue.filter((line) => line !== forgotten)).to.deep.equal(recorded);
    expect(catalogue).to.include(forgotten);
  });

  if (ownerDocument !== null) describeDocument(ownerDocument, () => catalogue);
});

function describeDocument(document: string, catalogue: () => string[]): void {
  it("builds what the SQL of the owner's document builds, and nothing else but that index", async () => {
    const built = await scratchDatabase();
    await query(built.url, schemaSql(document));
    const owners = await readCatalogue(built.url);
    await built.drop();

    expect(owners).to.not.include(forgotten);
    expect(catalogue().filter((line) => line !== forgotten)).to.deep.equal(owners);
  });

  it("has every column of the document's tables as they describe it", () => {
    const tables = documentedTables(document);
    const expected = tables.flatMap((table) =>
      table.columns.map((column) => ({ table: table.name, ...column })),
    );

    expect(tables).to.have.length(7);
    for (const { table, name, type, constraints } of expected) {
      const line = catalogue().find((entry) => entry.startsWith(`column ${table}.${name} `)) ?? "";
      expect(line, `${table}.${name}`).to.include(` ${typeNames[type]}`);
      const isRequired = /NOT NULL|PRIMARY KEY/.test(constraints);
      expect(line.includes("not null"), `${table}.${name} not null`).to.equal(isRequired);
      const value = /DEFAULT (.+)/.exec(constraints)?.[1] ?? "";
      expect(line.toLowerCase(), `${table}.${name} default`).to.include(value.toLowerCase());
    }
    const columns = catalogue().filter((line) => line.startsWith("column "));
    expect(columns).to.have.length(expected.length);
  });

  it("has every index of the document's lists and no other", () => {
    const listed = documentedTables(document).flatMap(({ name, indexes }) =>
      indexes.map((column) => `${name} USING btree (${column})`),
    );
    const built = catalogue().filter((line) => line.startsWith("index "));

    expect(built.map((line) => line.replace(/.* ON public\./, ""))).to.have.members(listed);
  });

  it("deletes with the parent whatever the document says goes with it", () => {
    const cascades = documentedCascades(document);
    const foreignKeys = catalogue().filter((line) => line.includes("FOREIGN KEY"));

    expect(cascades).to.have.length(foreignKeys.length);
    for (const { parent, child } of cascades) {
      const key = foreignKeys.find((line) => line.startsWith(`constraint ${child}.`));
      expect(key).to.match(new RegExp(`REFERENCES ${parent}\\(id\\) ON DELETE CASCADE$`));
    }
  });
}
