import type { DataSource } from "typeorm";
import { openDatabase } from "../runtime/database.ts";

/** Runs a command's work on a database connection of its own and closes it, whatever comes of it. */
export async function withDatabase<T>(
  url: string,
  work: (database: DataSource) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(url, { poolSize: 4, applicationName: "multicloud-cli" });
  try {
    return await work(database);
  } finally {
    await database.destroy();
  }
}
