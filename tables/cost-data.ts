import type { EntityManager } from "typeorm";

/** What a snapshot replaces: whole billing periods of the providers it names, or the days of an API's answer. */
export type CostScope =
  | { periods: { provider: string; billingPeriod: string }[] }
  | { provider: string; start: string; end: string };

/** A cost line on its way into the staging table; decimals and dates are text. */
export interface StagedLine {
  provider: string;
  accountId: string | null;
  service: string | null;
  resourceId: string | null;
  cost: string;
  currency: string;
  date: string;
  billingPeriod: string;
  metadata: Record<string, unknown>;
}

/** Exact sum per currency. */
export type Totals = Record<string, string>;

/** Makes the staging table of this connection, empty. It goes with the connection. */
export async function createStage(manager: EntityManager): Promise<void> {
  await manager.query("DROP TABLE IF EXISTS pg_temp.staged_costs");
  await manager.query(
    `CREATE TEMP TABLE staged_costs (provider TEXT NOT NULL, account_id TEXT, service TEXT, resource_id TEXT,
       cost NUMERIC NOT NULL, currency TEXT NOT NULL, date DATE NOT NULL, billing_period TEXT NOT NULL, metadata JSONB)`,
  );
}

/** Adds lines to the stage. PostgreSQL's numeric keeps every digit, also of E-notation. */
export async function stageLines(manager: EntityManager, lines: StagedLine[]): Promise<void> {
  await manager.query(
    `INSERT INTO staged_costs
     SELECT provider, "accountId", service, "resourceId", cost::numeric, currency, date::date, "billingPeriod", metadata
     FROM jsonb_to_recordset($1) AS line(provider TEXT, "accountId" TEXT, service TEXT, "resourceId" TEXT, cost TEXT,
       currency TEXT, date TEXT, "billingPeriod" TEXT, metadata JSONB)`,
    [JSON.stringify(lines)],
  );
}

/**
 * What the stage holds, and a digest of it that does not depend on the order of the lines. It is made of digests of the
 * lines: PostgreSQL gathers no more than 1 GB in one value, which is 3 million lines but 30 million digests.
 */
export async function measureStage(
  manager: EntityManager,
): Promise<{ totals: Totals; lines: number; digest: string }> {
  const [stage]: { lines: string; digest: string }[] = await manager.query(
    `SELECT count(*) AS lines, encode(sha256(coalesce(string_agg(line, '' ORDER BY line), '')), 'hex') AS digest
     FROM (SELECT sha256(convert_to(staged_costs::text, 'UTF8')) AS line FROM staged_costs) AS lines`,
  );
  const totals = await sumPerCurrency(manager, "staged_costs", "true", []);
  return { totals, lines: Number(stage?.lines ?? 0), digest: stage?.digest ?? "" };
}

/** The provider and billing period pairs that the stage covers. */
export async function stagedPeriods(manager: EntityManager): Promise<CostScope> {
  const periods: { provider: string; billingPeriod: string }[] = await manager.query(
    `SELECT DISTINCT provider, billing_period AS "billingPeriod" FROM staged_costs ORDER BY 1, 2`,
  );
  return { periods };
}

/** What is stored in a scope now. */
export async function measureScope(
  manager: EntityManager,
  owner: { userId: number; credentialId: number },
  scope: CostScope,
): Promise<Totals> {
  const { where, values } = scopeCondition(owner, scope);
  return sumPerCurrency(manager, "cost_data", where, values);
}

/** A part of a bill whose new lines are far fewer than the stored ones. Amounts are decimals. */
export interface Shrinkage {
  provider: string;
  billingPeriod: string | null;
  currency: string;
  /** Sum of what is stored, credits left out. */
  before: string;
  /** The same of the stage; null when it has no lines at all. */
  after: string | null;
}

/**
 * The first provider, billing period and currency of a scope whose charges would fall below `share` of what is stored.
 * Credits do not count: one that comes or goes changes a bill by any amount.
 */
export async function findShrinkage(
  manager: EntityManager,
  owner: { userId: number; credentialId: number },
  scope: CostScope,
  share: number,
): Promise<Shrinkage | undefined> {
  const { where, values } = scopeCondition(owner, scope);
  const found: Shrinkage[] = await manager.query(
    `WITH stored AS (${chargesOf(`cost_data WHERE ${where}`)}), staged AS (${chargesOf("staged_costs")})
     SELECT stored.provider, stored.billing_period AS "billingPeriod", stored.currency,
            trim_scale(stored.charges)::text AS before, trim_scale(staged.charges)::text AS after
     FROM stored LEFT JOIN staged ON staged.provider = stored.provider AND staged.currency = stored.currency
       AND staged.billing_period IS NOT DISTINCT FROM stored.billing_period
     WHERE staged.charges IS NULL OR staged.charges < stored.charges * ${share}
     ORDER BY 1, 2, 3 LIMIT 1`,
    values,
  );
  return found[0];
}

/** Charges per provider, billing period and currency of rows as they are or would be stored. */
function chargesOf(rows: string): string {
  return `SELECT provider, billing_period, currency, sum(greatest(cost, 0)) AS charges
    FROM (SELECT provider, billing_period, currency, sum(cost) AS cost FROM ${rows}
          GROUP BY provider, service, resource_id, date, billing_period, currency) AS costs
    GROUP BY 1, 2, 3`;
}

/** Deletes a scope and writes the stage in its place, aggregated. Returns the number of rows written. */
export async function replaceScope(
  manager: EntityManager,
  owner: { userId: number; credentialId: number },
  scope: CostScope,
): Promise<number> {
  await manager.query("SELECT pg_advisory_xact_lock(hashtextextended('cost_data', $1))", [
    owner.credentialId,
  ]);
  const { where, values } = scopeCondition(owner, scope);
  await manager.query(`DELETE FROM cost_data WHERE ${where}`, values);
  const [written]: { rows: number }[] = await manager.query(
    `WITH written AS (
     INSERT INTO cost_data (user_id, credential_id, provider, account_id, service, resource_id, cost, currency, date,
                            billing_period, metadata)
     SELECT $1, $2, provider, CASE WHEN count(*) = count(account_id) AND min(account_id) = max(account_id)
                                   THEN min(account_id) END,
            service, resource_id, trim_scale(sum(cost)), currency, date, billing_period,
            CASE WHEN count(*) = 1 THEN (array_agg(metadata))[1]
                 ELSE jsonb_build_object('lines', jsonb_agg(metadata || jsonb_build_object('cost', cost::text)
                                                            ORDER BY metadata::text, cost)) END
     FROM staged_costs
     GROUP BY provider, service, resource_id, date, billing_period, currency
     ORDER BY provider, date, service, resource_id
     RETURNING 1)
     SELECT count(*)::int AS rows FROM written`,
    [owner.userId, owner.credentialId],
  );
  return written?.rows ?? 0;
}

function scopeCondition(
  owner: { userId: number; credentialId: number },
  scope: CostScope,
): { where: string; values: unknown[] } {
  const own = "user_id = $1 AND credential_id = $2";
  const ids = [owner.userId, owner.credentialId];
  if ("periods" in scope) {
    const where = `${own} AND (provider, billing_period) IN
      (SELECT provider, "billingPeriod" FROM jsonb_to_recordset($3) AS pair(provider TEXT, "billingPeriod" TEXT))`;
    return { where, values: [...ids, JSON.stringify(scope.periods)] };
  }
  const where = `${own} AND provider = $3 AND date >= $4 AND date < $5`;
  return { where, values: [...ids, scope.provider, scope.start, scope.end] };
}

async function sumPerCurrency(
  manager: EntityManager,
  table: "staged_costs" | "cost_data",
  where: string,
  values: unknown[],
): Promise<Totals> {
  const sums: { currency: string; cost: string }[] = await manager.query(
    `SELECT currency, trim_scale(sum(cost))::text AS cost FROM ${table} WHERE ${where} GROUP BY 1 ORDER BY 1`,
    values,
  );
  return Object.fromEntries(sums.map(({ currency, cost }) => [currency, cost]));
}
