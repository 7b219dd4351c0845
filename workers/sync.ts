import type { EntityManager } from "typeorm";
import type { ScopeOutcome } from "../entities/sync-scope.ts";
import { ProviderError } from "../providers/errors.ts";
import type { Provider, UnreadRegion } from "../providers/provider.ts";
import type { SyncPayload } from "../queues/sync.ts";
import { readClock, releaseScopes, type StoredScope } from "../tables/sync-scopes.ts";
import { type AuthorisedCredential, authoriseCredential } from "./authorise.ts";
import { GiveUpError, PostponeError, RetryError } from "./errors.ts";
import type { Handler, JobContext } from "./handler.ts";
import { planScopes } from "./plan-scopes.ts";
import type { Services } from "./services.ts";
import { type ListedScopeResult, type RowCounts, type SyncRun, syncScope } from "./sync-scope.ts";
import { inTurn, withSyncSession } from "./sync-session.ts";

/** Scopes listed at once; the database is written by one at a time. */
const scopesAtOnce = 4;

/** How long a throttled sync waits if the provider does not say, in milliseconds. */
const throttleDelayMs = 5_000;

/** What a finished sync tells. */
export interface SyncResult {
  resources: number;
  rows: RowCounts;
  scopes: Record<ScopeOutcome, number>;
}

/**
 * Lists everything that a credential shows and brings the inventory up to date. Each scope ends for itself; if some
 * could not be read for now, everything else is written first, then RetryError is thrown, or PostponeError if nothing is
 * wrong but the provider's limits.
 */
export const syncCredential: Handler<"sync"> = async (dependencies, payload, signal) => {
  const credential = await authoriseCredential(dependencies, payload);
  const provider = await dependencies.openProvider(credential.cloud);
  try {
    return await withSyncSession(dependencies.database, credential.id, async (session) =>
      syncAll(dependencies, { provider, credential, session, payload }, signal),
    );
  } finally {
    provider.close();
  }
};

interface Start {
  provider: Provider;
  credential: AuthorisedCredential;
  session: EntityManager;
  payload: SyncPayload;
}

async function syncAll(
  job: Services & JobContext,
  start: Start,
  signal: AbortSignal,
): Promise<SyncResult> {
  const { provider, credential, session, payload } = start;
  const discovery = await provider.discover(signal);
  const stop = new AbortController();
  const takeTurn = inTurn();
  const run: SyncRun = {
    runId: job.runId,
    userId: credential.userId,
    credentialId: credential.id,
    provider,
    startedAt: await readClock(session),
    touchAfterSeconds: job.syncTouchAfterSeconds,
    isAssumed: discovery.assumed,
    signal: AbortSignal.any([signal, stop.signal]),
    stop: (reason) => stop.abort(reason),
    commit: async (work) =>
      takeTurn(async () => job.commit(work, session)).catch((error: unknown) => {
        // What cannot be written need not be listed.
        run.stop(error);
        throw error;
      }),
  };
  const plan = await planScopes(run, discovery, payload);
  const results = await listScopes(job, run, plan.toList);
  const result = summarise(plan.done, plan.skipped, results);
  throwIfIncomplete(plan.toList, results);
  if (plan.done.length === 0) throwIfDenied(results);
  return job.finish(async (manager) => {
    await releaseScopes(manager, run);
    return result;
  }, session);
}

/** Lists a few scopes at once. The first error stops them all and is thrown when all have stopped. */
async function listScopes(
  job: JobContext,
  run: SyncRun,
  scopes: StoredScope[],
): Promise<ListedScopeResult[]> {
  const results: ListedScopeResult[] = [];
  const queue = scopes.values();
  const listInTurn = async (): Promise<void> => {
    for (const scope of queue) {
      run.signal.throwIfAborted();
      const result = await syncScope(run, scope);
      results.push(result);
      const note = `${scope.region} ${scope.kind}: ${result.outcome}, ${result.resources} resources`;
      await job.progress(Math.floor((results.length / scopes.length) * 100), note);
    }
  };
  const lists = Array.from({ length: scopesAtOnce }, async () => {
    try {
      await listInTurn();
    } catch (error) {
      run.stop(error);
      throw error;
    }
  });
  await Promise.allSettled(lists);
  run.signal.throwIfAborted();
  return results;
}

function summarise(done: StoredScope[], skipped: number, results: ListedScopeResult[]): SyncResult {
  const rows = { created: 0, updated: 0, unchanged: 0, missing: 0, deleted: 0 };
  const scopes = { complete: 0, partial: 0, denied: 0, throttled: 0, skipped, held: 0 };
  let resources = 0;
  for (const scope of [...done, ...results]) {
    resources += scope.resources;
    if (scope.outcome !== null) scopes[scope.outcome] += 1;
  }
  for (const result of results) {
    rows.created += result.rows.created;
    rows.updated += result.rows.updated;
    rows.unchanged += result.rows.unchanged;
    rows.missing += result.rows.missing;
    rows.deleted += result.rows.deleted;
  }
  return { resources, rows, scopes };
}

/**
 * The job has to come back if a scope may be readable later; it then goes on with what is not complete. If all that
 * stopped it is throttling and it got further than before, that costs no attempt: large accounts are throttled often.
 */
function throwIfIncomplete(scopes: StoredScope[], results: ListedScopeResult[]): void {
  const passing = results.flatMap(({ transient }) => transient ?? []);
  const [longest] = passing.toSorted((a, b) => waitOf(b) - waitOf(a));
  if (!longest) return;
  const problem = `${passing.length} of ${scopes.length} scopes could not be read for now: ${longest.message}`;
  const isThrottled = passing.every((trouble) => codeOf(trouble) === "THROTTLED");
  if (isThrottled && results.some(({ hasAdvanced }) => hasAdvanced)) {
    throw new PostponeError("THROTTLED", problem, Math.max(waitOf(longest), throttleDelayMs));
  }
  throw new RetryError(codeOf(longest), problem, { afterMs: waitOf(longest), cause: longest });
}

/** A sync that was allowed to read nothing has done nothing. */
function throwIfDenied(results: ListedScopeResult[]): void {
  const [first] = results;
  const isDenied = results.every(
    ({ outcome, code }) => outcome === "denied" || code === "NOT_FOUND",
  );
  if (!first || !isDenied) return;
  const problem = `none of ${results.length} scopes could be read: ${first.message}`;
  throw new GiveUpError(first.code ?? "PERMISSION_DENIED", problem, "/credentialId");
}

function codeOf(trouble: ProviderError | UnreadRegion): string {
  return trouble instanceof ProviderError ? trouble.code : "REGION_UNREAD";
}

function waitOf(trouble: ProviderError | UnreadRegion): number {
  return trouble instanceof ProviderError ? (trouble.retryAfterMs ?? 0) : 0;
}
