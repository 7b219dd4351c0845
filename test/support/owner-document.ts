import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const path = join(import.meta.dirname, "../../../shared/schema.md");

/** The owner's document about the database, or null: it lies beside the checkout, not in it. */
export const ownerDocument = existsSync(path) ? readFileSync(path, "utf8") : null;

/** What the document's §3 says about one table. */
export interface DocumentedTable {
  name: string;
  columns: { name: string; type: string; constraints: string }[];
  /** The columns of its list of indexes. */
  indexes: string[];
}

/** The SQL of §6.1. */
export function schemaSql(document: string): string {
  const sql = /### 6\.1 [^\n]*\n+```sql\n([\s\S]*?)```/.exec(document)?.[1];
  if (sql === undefined) throw new Error("the owner's document has no SQL in §6.1");
  return sql;
}

/** The tables of §3. */
export function documentedTables(document: string): DocumentedTable[] {
  return document.split(/\n(?=### 3\.\d+ )/).flatMap((section) => {
    const name = /^### 3\.\d+ (\w+)/.exec(section)?.[1];
    if (name === undefined) return [];
    const rows = section.matchAll(/^\| (\w+) +\| ([A-Z]+) +\| ([^|]*)\|/gm);
    const columns = Array.from(rows, ([, column = "", type = "", constraints = ""]) => {
      return { name: column, type, constraints: constraints.trim() };
    });
    const list = section.matchAll(/^- (?:PRIMARY KEY|UNIQUE INDEX|INDEX) on `(\w+)`/gm);
    return [{ name, columns, indexes: Array.from(list, ([, column = ""]) => column) }];
  });
}

/** Parent and child tables of §4, all of which cascade. */
export function documentedCascades(document: string): { parent: string; child: string }[] {
  const pairs = document.matchAll(/^\*\*(\w+) → (\w+)\*\*\n\n[^\n]*\n- CASCADE DELETE/gm);
  return Array.from(pairs, ([, parent = "", child = ""]) => ({ parent, child }));
}
