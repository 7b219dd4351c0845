import type { DataSource } from "typeorm";

/** Somebody else holds the lock. Nobody's fault; try again later. */
export class LockHeldError extends Error {
  override readonly name = "LockHeldError";
  readonly lock: string;

  constructor(lock: string) {
    super(`${lock} is being worked on by another job`);
    this.lock = lock;
  }
}

/**
 * Runs work while a PostgreSQL advisory lock is held by a connection of its own; the lock ends with the connection, so
 * a killed process leaves none behind. Throws LockHeldError at once when somebody else holds it. Work that lasts asks
 * `isHeld` now and then: the connection may have broken, and somebody else have taken the lock.
 */
export async function withAdvisoryLock<T>(
  database: DataSource,
  lock: string,
  work: (isHeld: () => Promise<boolean>) => Promise<T>,
): Promise<T> {
  const connection = database.createQueryRunner();
  await connection.connect();
  try {
    const [row]: { locked: boolean }[] = await connection.query(
      "SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked",
      [lock],
    );
    if (!row?.locked) throw new LockHeldError(lock);
    try {
      const isHeld = async () =>
        connection.query("SELECT 1").then(
          () => true,
          () => false,
        );
      return await work(isHeld);
    } finally {
      // A connection that broke has lost its lock already.
      await connection
        .query("SELECT pg_advisory_unlock(hashtextextended($1, 0))", [lock])
        .catch(() => {});
    }
  } finally {
    await connection.release();
  }
}
