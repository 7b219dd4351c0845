import pg from "pg";
import { DataSource } from "typeorm";
import { entities } from "../entities/entities.ts";
import { migrations } from "../migrations/migrations.ts";
import { adoptOwnerSchema } from "./owner-schema.ts";
import { ServerError } from "./server-error.ts";

// TIMESTAMP columns carry no zone; everybody who shares this schema means UTC, whatever zone a process runs in.
pg.types.setTypeParser(
  pg.types.builtins.TIMESTAMP,
  (text) => new Date(`${text.replace(" ", "T")}Z`),
);
pg.defaults.parseInputDatesAsUTC = true;
// A DATE is a day, not a moment: as a Date it would be another day in another zone.
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);

/**
 * How long a connection is silent before it is asked whether the server lives. The system's two hours are too long for one
 * whose server vanished without a word; with ten questions a second apart it is given up within 20 s.
 */
export const keepAliveInitialDelayMillis = 10_000;

export interface DatabaseOptions {
  /** Connections of this process at most. Every running job may hold a few. */
  poolSize?: number;
  /** Shown in `pg_stat_activity`. */
  applicationName?: string;
  /** Called when an idle connection breaks, as when the server restarts. The pool replaces it by itself. */
  onPoolError?: (error: unknown) => void;
}

/** The data source of a process, not yet connected. Sessions run in UTC. */
export function createDataSource(url: string, options: DatabaseOptions = {}): DataSource {
  return new DataSource({
    type: "postgres",
    url,
    entities,
    migrations,
    migrationsTableName: "schema_migrations",
    migrationsTransactionMode: "each",
    poolSize: options.poolSize ?? 10,
    applicationName: options.applicationName ?? "multicloud",
    connectTimeoutMS: 10_000,
    // TypeORM's own logger tells of a failed migration on standard output, where programs read the answer of a command.
    logger: "debug",
    poolErrorHandler: options.onPoolError ?? (() => {}),
    extra: { options: "-c timezone=UTC", keepAlive: true, keepAliveInitialDelayMillis },
  });
}

/** Connects. Throws ServerError when the server cannot be reached or refuses. */
export async function openDatabase(
  url: string,
  options: DatabaseOptions = {},
): Promise<DataSource> {
  try {
    return await createDataSource(url, options).initialize();
  } catch (error) {
    throw new ServerError("PostgreSQL (DATABASE_URL)", error);
  }
}

/** An advisory lock key of our own, so that two processes that migrate at once take turns. */
const migrationLock = 7_214_001;

/**
 * Brings the schema up to date and returns the names of the steps that ran. Tables that the platform has made already are
 * taken over. Safe to call from many processes. Throws SchemaMismatchError when such tables are others than expected.
 */
export async function migrate(database: DataSource): Promise<string[]> {
  const lock = database.createQueryRunner();
  await lock.connect();
  try {
    await lock.query("SELECT pg_advisory_lock($1)", [migrationLock]);
    await adoptOwnerSchema(database);
    const ran = await database.runMigrations();
    return ran.map((migration) => migration.name);
  } finally {
    await lock.query("SELECT pg_advisory_unlock($1)", [migrationLock]).catch(() => {});
    await lock.release();
  }
}
