import { isDeepStrictEqual } from "node:util";
import type { EntityManager } from "typeorm";
import type { CostLoad } from "../entities/cost-load.ts";
import type { CostIngestPayload } from "../queues/cost-ingest.ts";
import {
  type CostScope,
  createStage,
  findShrinkage,
  measureScope,
  measureStage,
  replaceScope,
  stagedPeriods,
  stageLines,
} from "../tables/cost-data.ts";
import { addCostLoad, findLastLoad } from "../tables/cost-loads.ts";
import { type AuthorisedCredential, authoriseCredential } from "./authorise.ts";
import type { CostSource } from "./cost-source.ts";
import { HeldError, RetryError } from "./errors.ts";
import type { Handler, JobContext } from "./handler.ts";
import { openCostSource } from "./open-cost-source.ts";
import type { Services } from "./services.ts";

/**
 * Loads one snapshot of a credential's billing data: stage everything, prove that the stage holds what the source
 * said, then replace what was there in one transaction. The same version again changes nothing.
 */
export const ingestCosts: Handler<"cost-ingest"> = async (dependencies, payload, signal) => {
  const credential = await authoriseCredential(dependencies, payload);
  const source = await openCostSource(dependencies, credential, payload, signal);
  const connection = dependencies.database.createQueryRunner();
  try {
    const last = payload.force ? null : await findLastLoad(dependencies.database, credential.id);
    if (last?.source === source.name && last.sourceVersion === source.version) {
      return unchanged(last);
    }
    await dependencies.progress(10, `reading ${source.name}`);
    const lines = await stage(connection.manager, source, signal);
    await dependencies.progress(70, `staged ${lines} lines`);
    const staged = { credential, source, payload, lines, last };
    return await load(dependencies, connection.manager, staged);
  } finally {
    source.close();
    await connection.query("DROP TABLE IF EXISTS pg_temp.staged_costs").catch(() => {});
    await connection.release();
  }
};

/** Nothing was written; what the last load wrote is still right. */
function unchanged({ source, sourceVersion, totals }: CostLoad): Record<string, unknown> {
  return { rows: 0, unchanged: true, source, version: sourceVersion, totals };
}

async function stage(
  manager: EntityManager,
  source: CostSource,
  signal: AbortSignal,
): Promise<number> {
  await createStage(manager);
  let count = 0;
  for await (const lines of source.lines(signal)) {
    signal.throwIfAborted();
    await stageLines(manager, lines);
    count += lines.length;
  }
  return count;
}

interface StagedLoad {
  credential: AuthorisedCredential;
  source: CostSource;
  payload: CostIngestPayload;
  lines: number;
  /** The load before this one; null when it must not matter. */
  last: CostLoad | null;
}

async function load(
  dependencies: Services & JobContext,
  manager: EntityManager,
  { credential, source, payload, lines, last }: StagedLoad,
): Promise<unknown> {
  const staged = await measureStage(manager);
  assertBalanced("staged", source.totals ?? staged.totals, staged.totals);
  if (staged.lines !== lines) throw unbalanced("staged", `${lines} lines`, `${staged.lines} lines`);
  const owner = { userId: credential.userId, credentialId: credential.id };
  const scope = source.window ?? (await stagedPeriods(manager));
  const row = {
    ...owner,
    source: source.name,
    sourceVersion: source.version ?? staged.digest,
    scope: { ...scope },
    totals: staged.totals,
  };
  // An API's answer has no version of its own: that it is the same is only seen once it is here.
  if (
    last &&
    last.sourceVersion === row.sourceVersion &&
    isDeepStrictEqual(last.scope, row.scope)
  ) {
    return unchanged(last);
  }
  const suspicion = payload.force ? null : await suspect(manager, owner, scope, last);
  if (suspicion !== null) {
    const held = { ...row, state: "held" as const, reason: suspicion, rows: 0 };
    await dependencies.commit(async (transaction) => addCostLoad(transaction, held), manager);
    throw new HeldError(
      "COST_LOAD_SUSPICIOUS",
      `${suspicion}; the old data stays. Send force to accept it`,
    );
  }
  return dependencies.finish(async (transaction) => {
    const rows = await replaceScope(transaction, owner, scope);
    const stored = await measureScope(transaction, owner, scope);
    assertBalanced("stored", row.totals, stored);
    await addCostLoad(transaction, { ...row, state: "loaded", reason: null, rows });
    return { rows, lines, source: row.source, version: row.sourceVersion, totals: row.totals };
  }, manager);
}

function unbalanced(where: string, wanted: string, found: string): RetryError {
  const problem = `the source says ${wanted}, ${where} is ${found}; nothing was replaced`;
  return new RetryError("COST_LOAD_UNBALANCED", problem);
}

/** Sums are compared as texts: both sides are exact decimals without trailing zeros. */
function assertBalanced(
  where: string,
  wanted: Record<string, string>,
  found: Record<string, string>,
): void {
  for (const currency of new Set([...Object.keys(wanted), ...Object.keys(found)])) {
    const [expected, actual] = [wanted[currency] ?? "0", found[currency] ?? "0"];
    if (expected !== actual) {
      throw unbalanced(where, `${expected} ${currency}`, `${actual} ${currency}`);
    }
  }
}

/** A snapshot below this share of what is stored is held: providers restate by percents, not by halves. */
const smallestShare = 0.5;

/** Why a load is too unlikely to replace what is stored; null when it is not. */
async function suspect(
  manager: EntityManager,
  owner: { userId: number; credentialId: number },
  scope: CostScope,
  last: CostLoad | null,
): Promise<string | null> {
  // A file without lines names no period: it would replace nothing, and pass for the bill.
  if ("periods" in scope && scope.periods.length === 0) {
    return last && last.rows > 0 ? "no lines at all where the last load had some" : null;
  }
  const shrinkage = await findShrinkage(manager, owner, scope, smallestShare);
  if (!shrinkage) return null;
  const { provider, billingPeriod, currency, before, after } = shrinkage;
  const now = after === null ? "no lines" : `${after} ${currency} of charges`;
  return `${provider} ${billingPeriod}: ${now} where ${before} ${currency} were`;
}
