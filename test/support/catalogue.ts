import { Client } from "pg";

const columns = `
  SELECT format('column %s.%s %s%s%s%s', table_name, column_name, data_type,
           coalesce('(' || coalesce(character_maximum_length::text,
             CASE WHEN data_type = 'numeric' THEN numeric_precision || ', ' || numeric_scale END) || ')', ''),
           CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END,
           coalesce(' default ' || column_default, '')) AS line
  FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position`;

const indexes = `
  SELECT 'index ' || indexdef AS line FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1`;

const constraints = `
  SELECT format('constraint %s.%s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS line
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1`;

const sequences = `
  SELECT format('sequence %s %s from %s by %s, owned by %s.%s', s.sequencename, s.data_type, s.start_value,
           s.increment_by, d.refobjid::regclass, a.attname) AS line
  FROM pg_sequences s
  JOIN pg_depend d ON d.objid = format('%I.%I', s.schemaname, s.sequencename)::regclass AND d.deptype = 'a'
  JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  WHERE s.schemaname = 'public' ORDER BY 1`;

/**
 * What the database is made of, one line per column, index, constraint and sequence: two databases with the same lines
 * are the same to whoever uses them. Columns stand in their order in the table; the ledger of migrations is left out.
 */
export async function readCatalogue(url: string): Promise<string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const lines: string[] = [];
    for (const sql of [columns, indexes, constraints, sequences]) {
      const { rows } = await client.query<{ line: string }>(sql);
      lines.push(...rows.map((row) => row.line));
    }
    return lines.filter((line) => !line.includes("schema_migrations"));
  } finally {
    await client.end();
  }
}

/** Runs one or more statements on a connection of its own and returns the rows of the last one. */
export async function query(
  url: string,
  sql: string,
  values?: unknown[],
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const result = await client.query<Record<string, unknown>>(sql, values);
    return result.rows;
  } finally {
    await client.end();
  }
}
