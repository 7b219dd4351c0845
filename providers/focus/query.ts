import type { FocusField } from "./columns.ts";

/** Columns of the query below, in its order. All values are text; `row` counts from 1. */
export const rowFields = [
  "row",
  "provider",
  "service",
  "resource",
  "day",
  "period",
  "currency",
  "account",
  "category",
  "cost",
  "effectiveCost",
] as const;

/** What makes two lines of a bill one line of ours. */
const groupKey = ["provider", "service", "resource", "day", "period", "currency"];

/** ISO 8601 as FOCUS wants it, and as files really have it: a space for the T, no zone for UTC, a bare day. */
const timestamp =
  "[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?";

/**
 * The statement that reads every line of a file as text, nulls and names normalised. `inGroups` sorts lines of one
 * group together (on disk if need be), so that the reader needs memory for one group only. `source` is a FROM item
 * that starts with `headerRows` rows of no interest, `expressions` say where each field comes from in it.
 */
export function linesQuery(
  source: string,
  expressions: Partial<Record<FocusField, string>>,
  { inGroups, headerRows }: { inGroups: boolean; headerRows: number },
): string {
  const text = (field: FocusField) => nullIfBlank(expressions[field] ?? "NULL");
  const order = inGroups ? `ORDER BY ${groupKey.join(", ")}` : "";
  return `
    SELECT ${rowFields.join(", ")} FROM (
      SELECT * REPLACE (CAST(row AS VARCHAR) AS row), CASE provider WHEN 'azure' THEN lower(native_resource) ELSE native_resource END AS resource
      FROM (
        SELECT row_number() OVER () - ${headerRows} AS row,
          ${providerName(text("provider"))} AS provider,
          ${text("service")} AS service,
          ${text("resource")} AS native_resource,
          ${utc(text("day"), "%Y-%m-%d")} AS day,
          ${utc(text("period"), "%Y-%m")} AS period,
          ${text("currency")} AS currency,
          ${text("account")} AS account,
          ${text("category")} AS category,
          ${text("cost")} AS cost,
          ${text("effectiveCost")} AS effectiveCost
        FROM ${source}) WHERE row > 0) ${order}`;
}

/** Nulls should be empty cells; real files also spell them out. */
function nullIfBlank(expression: string): string {
  const cell = `trim(CAST(${expression} AS VARCHAR))`;
  return `CASE WHEN ${cell} IN ('', 'NULL', 'null') THEN NULL ELSE ${cell} END`;
}

/** Our own names for the clouds we know, lower-case kebab for the rest. */
function providerName(expression: string): string {
  const kebab = `trim(regexp_replace(lower(${expression}), '[^a-z0-9]+', '-', 'g'), '-')`;
  return `CASE ${kebab} WHEN 'amazon-web-services' THEN 'aws' WHEN 'microsoft' THEN 'azure'
    WHEN 'microsoft-azure' THEN 'azure' WHEN 'google-cloud' THEN 'gcp' WHEN 'google' THEN 'gcp'
    ELSE ${kebab} END`;
}

/**
 * A part of a timestamp in UTC; null when the text is none. DuckDB wants seconds before a zone, and its TIMESTAMP
 * drops the zone that TIMESTAMPTZ respects.
 */
function utc(expression: string, format: string): string {
  const complete = `regexp_replace(${expression}, '([T ][0-9]{2}:[0-9]{2})(Z|[+-]|$)', '\\1:00\\2')`;
  return `CASE WHEN regexp_full_match(${expression}, '${timestamp}')
    THEN strftime(TRY_CAST(${complete} AS TIMESTAMPTZ), '${format}') END`;
}
