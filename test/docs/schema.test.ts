import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { EntityMetadata } from "typeorm";
import { readCatalogue } from "../support/catalogue.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

type ColumnMetadata = EntityMetadata["columns"][number];

const page = readFileSync(join(import.meta.dirname, "../../docs/schema.md"), "utf8");
const record = readFileSync(join(import.meta.dirname, "../migrations/owner-schema.txt"), "utf8");

/** Cells of the rows of the Markdown tables in a text whose first cell is a name. */
function rowsOf(text: string): string[][] {
  const rows = text.matchAll(/^\| (`[\w.]+` .*) \|$/gm);
  return Array.from(rows, ([, row = ""]) => row.split("|").map((cell) => cell.trim()));
}

/** Text of the page per table. */
const sections = new Map(
  Array.from(page.matchAll(/^### (\w+)\n([\s\S]*?)(?=^##)/gm), ([, name = "", text = ""]) => {
    return [name, text];
  }),
);

describe("docs/schema.md", () => {
  let test: TestDatabase;
  let tables: EntityMetadata[];
  let catalogue: string[];
  before(async () => {
    test = await testDatabase();
    tables = test.dataSource.entityMetadatas;
    catalogue = await readCatalogue(test.url);
  });
  after(() => test.close());

  it("has a section for every table and for nothing else", () => {
    expect([...sections.keys()]).to.have.members(tables.map((table) => table.tableName));
  });

  it("has every column with its type, null, default and a meaning, and none that does not exist", () => {
    for (const { tableName, columns } of tables) {
      const rows = rowsOf(sections.get(tableName) ?? "");

      expect(rows.map((cells) => cells.slice(0, -1))).to.have.deep.members(
        columns.map(describeColumn),
      );
      for (const cells of rows) expect(cells.at(-1), cells.join(" ")).to.match(/\w.*\.$/);
    }
  });

  it("has every index and constraint with its definition, and none that does not exist", () => {
    for (const { tableName } of tables) {
      const rows = (sections.get(tableName) ?? "").matchAll(/^- `(\w+)`: `(.+)`$/gm);
      const documented = Array.from(rows, ([, name = "", text = ""]) => `${name} ${text}`);

      expect(documented).to.have.members(constraintsAndIndexes(catalogue, tableName));
    }
  });

  it("names every difference from the owner's schema with a reason, and no other", () => {
    const differences = page.slice(page.indexOf("## Differences"));
    const rows = rowsOf(differences);
    const documented = rows.map(([name = ""]) => name.replaceAll("`", ""));

    for (const cells of rows) expect(cells.at(-1), cells.join(" ")).to.match(/\w.*\.$/);
    expect(documented).to.have.members(differentNames(record.trimEnd().split("\n"), catalogue));
  });
});

/** The cells before the meaning. */
function describeColumn(column: ColumnMetadata): string[] {
  const length = column.length === "" ? "" : `(${column.length})`;
  const type = column.isGenerated ? "serial" : `${String(column.type)}${length}`;
  const value = defaultOf(column);
  const isNullable = column.isNullable ? "yes" : "no";
  return [`\`${column.databaseName}\``, `\`${type}\``, isNullable, value && `\`${value}\``];
}

function defaultOf({ default: value }: ColumnMetadata): string {
  if (typeof value === "function") return value();
  if (typeof value === "string") return `'${value}'`;
  return value === undefined ? "" : JSON.stringify(value);
}

function constraintsAndIndexes(catalogue: string[], table: string): string[] {
  return catalogue.flatMap((line) => {
    const constraint = new RegExp(`^constraint ${table}\\.(.+)$`).exec(line)?.[1];
    const index = new RegExp(
      `^index CREATE (UNIQUE )?INDEX (\\w+) ON public\\.${table} USING btree (.+)$`,
    );
    const [, unique = "", name, columns] = index.exec(line) ?? [];
    if (constraint !== undefined) return [constraint];
    // The index of a constraint is part of that.
    const isOfConstraint = catalogue.some((one) => one.startsWith(`constraint ${table}.${name} `));
    return name === undefined || isOfConstraint ? [] : [`${name} ${unique}INDEX ${columns}`];
  });
}

/** `table.column`, index or constraint names that only one side has, or has otherwise; an added table stands for itself. */
function differentNames(owners: string[], ours: string[]): string[] {
  const ownTables = new Set(owners.flatMap((line) => /^column (\w+)\./.exec(line)?.[1] ?? []));
  const changed = [...owners, ...ours].filter(
    (line) => owners.includes(line) !== ours.includes(line),
  );
  const names = changed.flatMap((line) => {
    const table = /^(?:column|constraint) (\w+)\.|ON public\.(\w+)/.exec(line);
    const owner = table?.[1] ?? table?.[2] ?? "";
    if (!ownTables.has(owner)) return line.startsWith("column ") ? [owner] : [];
    const [, column, constraint, index] =
      /^column ([\w.]+)|^constraint \w+\.(\w+)|INDEX (\w+)/.exec(line) ?? [];
    return [column ?? constraint ?? index ?? ""];
  });
  return [...new Set(names)];
}
