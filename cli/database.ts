import { type DataSource, QueryFailedError } from "typeorm";
import { openDatabase } from "../runtime/database.ts";
import { UsageError } from "./output.ts";

/** PostgreSQL's codes for a table, a column and a function that do not exist. */
const absent = new Set(["42P01", "42703", "42883"]);

/**
 * Runs a command's work on a database connection of its own and closes it, whatever comes of it. Throws UsageError when
 * the database lacks what the work needs.
 */
export async function withDatabase<T>(
  url: string,
  work: (database: DataSource) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(url, { poolSize: 4, applicationName: "multicloud-cli" });
  try {
    return await work(database);
  } catch (error) {
    const code: unknown = error instanceof QueryFailedError ? error.driverError.code : undefined;
    if (typeof code !== "string" || !absent.has(code)) throw error;
    throw new UsageError(
      `the database is not up to date, run multicloud migrate first: ${String(error)}`,
    );
  } finally {
    await database.destroy();
  }
}
