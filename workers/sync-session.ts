import type { DataSource, EntityManager } from "typeorm";
import { tryLockSync } from "../tables/sync-scopes.ts";
import { createSyncSeen } from "../tables/sync-seen.ts";
import { PostponeError } from "./errors.ts";

/** How long a sync waits that found another one of its credential running, in milliseconds. */
const busyDelayMs = 30_000;

/**
 * Runs one sync on a connection of its own, which holds the credential's lock and what the sync has seen: if the
 * connection breaks, both are gone and nothing more can be written. Throws PostponeError SYNC_ALREADY_RUNNING: the
 * line lets one sync of a credential through, but a worker that lost Redis may still be at it.
 */
export async function withSyncSession<T>(
  database: DataSource,
  credentialId: number,
  work: (session: EntityManager) => Promise<T>,
): Promise<T> {
  const runner = database.createQueryRunner();
  await runner.connect();
  try {
    if (!(await tryLockSync(runner.manager, credentialId))) {
      const problem = `another sync of credential ${credentialId} is running`;
      throw new PostponeError("SYNC_ALREADY_RUNNING", problem, busyDelayMs);
    }
    await createSyncSeen(runner.manager);
    return await work(runner.manager);
  } finally {
    // Gives back the lock and drops the temporary table; a broken connection has done so already.
    try {
      if (!runner.isReleased) await runner.query("DISCARD ALL");
    } finally {
      await runner.release();
    }
  }
}

/** Makes functions wait for each other: a connection has one transaction at a time. */
export function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  };
}
