import { Pool } from "pg";
import { createDatabase, type ScratchDatabase } from "../../local/database.ts";
import { afterAllTests, databasePrefix, postgresUrl, want } from "./services.ts";

export type { ScratchDatabase };

want("postgres");

/** A database that is filled once per run and copied for every test: copying takes tens of milliseconds. */
export interface Template {
  /** A new copy. */
  copy(): Promise<ScratchDatabase>;
}

let administration: Pool | undefined;

/** On one connection for the whole run: making one takes half as long as copying a database. */
async function administer(serverUrl: string, statement: string): Promise<void> {
  if (!administration) {
    const pool = new Pool({ connectionString: serverUrl, max: 1 });
    // A test may have cut the connection; the next statement makes another one.
    pool.on("error", () => {});
    afterAllTests(async () => pool.end());
    administration = pool;
  }
  await administration.query(statement);
}

/** An empty database of its own. */
export async function scratchDatabase(source?: string): Promise<ScratchDatabase> {
  const options = { prefix: databasePrefix(), ...(source && { template: source }) };
  return createDatabase(postgresUrl(), options, administer);
}

/** Declares a template; `fill` runs at the first copy and must close its connections. */
export function template(fill: (url: string) => Promise<void>): Template {
  let filled: Promise<string> | undefined;
  const make = async () => {
    const database = await scratchDatabase();
    afterAllTests(() => database.drop());
    await fill(database.url);
    return new URL(database.url).pathname.slice(1);
  };
  return {
    async copy() {
      filled ??= make();
      return scratchDatabase(await filled);
    },
  };
}
