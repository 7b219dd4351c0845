import { type DataSource, MigrationExecutor, type QueryRunner } from "typeorm";
import { InitialSchema } from "../migrations/0001-initial-schema.ts";

/** Tables of the platform are there already and are not as the first step builds them. The operator's fault; lists every difference. */
export class SchemaMismatchError extends Error {
  override readonly name = "SchemaMismatchError";
  readonly code = "SCHEMA_MISMATCH";
  readonly missing: readonly string[];

  constructor(missing: readonly string[]) {
    const lines = missing.map((line) => `\n  ${line}`).join("");
    super(`the tables that are there are not those of the platform's schema. Missing:${lines}`);
    this.missing = missing;
  }
}

interface Part {
  kind: "column" | "constraint" | "index";
  line: string;
  /** Makes it; for indexes only. */
  sql: string;
}

/** One row per column, constraint and index of a schema, the same whatever the schema is called. */
const partsOf = (schema: string): string => `
  WITH tables AS (SELECT oid, relname FROM pg_class WHERE relnamespace = ${schema} AND relkind IN ('r', 'p'))
  SELECT 'column' AS kind, format('column %s.%s %s%s%s', relname, attname, format_type(atttypid, atttypmod),
           CASE WHEN attnotnull THEN ' not null' ELSE '' END,
           coalesce(' default ' || regexp_replace(pg_get_expr(adbin, adrelid), '''[^'']*\\.', ''''), '')) AS line, '' AS sql
  FROM tables JOIN pg_attribute ON attrelid = tables.oid AND attnum > 0 AND NOT attisdropped
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  UNION ALL
  SELECT 'constraint', format('constraint %s.%s %s', relname, conname,
           regexp_replace(pg_get_constraintdef(c.oid), 'REFERENCES \\S+\\.', 'REFERENCES ')), ''
  FROM tables JOIN pg_constraint c ON conrelid = tables.oid
  UNION ALL
  SELECT 'index', 'index ' || definition, definition
  FROM tables JOIN pg_index i ON indrelid = tables.oid,
       regexp_replace(pg_get_indexdef(indexrelid), ' ON \\S+\\.', ' ON ') AS definition`;

/**
 * Takes over a database in which the platform's tables exist already, made by others from the owner's document: the first
 * step is entered as done, its missing indexes are added, and rows are left alone. What the first step builds is found
 * out by running it on temporary tables. Does nothing when there are no such tables, or migrations have run before.
 * Throws SchemaMismatchError when a table, column or constraint is missing or different; more than expected may be there.
 */
export async function adoptOwnerSchema(database: DataSource): Promise<void> {
  const runner = database.createQueryRunner();
  try {
    if (!(await isOthers(runner))) return;
    const expected = await expectedParts(runner);
    const found: Part[] = await runner.query(partsOf("current_schema()::regnamespace"));
    const lines = new Set(found.map(({ line }) => line));
    const missing = expected.filter(({ line }) => !lines.has(line));
    const wrong = missing.filter(({ kind }) => kind !== "index");
    if (wrong.length > 0) throw new SchemaMismatchError(wrong.map(({ line }) => line));
    // Makes the table in which TypeORM notes the steps that have run.
    await new MigrationExecutor(database, runner).showMigrations();
    await runner.startTransaction();
    for (const { sql } of missing) await runner.query(sql);
    const { name } = new InitialSchema();
    const timestamp = /\d+$/.exec(name)?.[0];
    await runner.query("INSERT INTO schema_migrations (timestamp, name) VALUES ($1, $2)", [
      timestamp,
      name,
    ]);
    await runner.commitTransaction();
  } finally {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
    await runner.release();
  }
}

/** Whether tables of the first step exist although no step has run. */
async function isOthers(runner: QueryRunner): Promise<boolean> {
  const [ledger]: { exists: boolean }[] = await runner.query(
    "SELECT to_regclass('schema_migrations') IS NOT NULL AS exists",
  );
  const ran: unknown[] = ledger?.exists
    ? await runner.query("SELECT 1 FROM schema_migrations LIMIT 1")
    : [];
  if (ran.length > 0) return false;
  const [users]: { exists: boolean }[] = await runner.query(
    "SELECT to_regclass('users') IS NOT NULL AS exists",
  );
  return users?.exists ?? false;
}

async function expectedParts(runner: QueryRunner): Promise<Part[]> {
  await runner.startTransaction();
  try {
    await runner.query("SET LOCAL search_path TO pg_temp");
    await new InitialSchema().up(runner);
    return await runner.query(partsOf("pg_my_temp_schema()"));
  } finally {
    await runner.rollbackTransaction();
  }
}
