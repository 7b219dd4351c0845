import { createDatabase, type ScratchDatabase } from "../../local/database.ts";
import { afterAllTests, databasePrefix, postgresUrl, want } from "./services.ts";

export type { ScratchDatabase };

want("postgres");

/** A database that is filled once per run and copied for every test: copying takes tens of milliseconds. */
export interface Template {
  /** A new copy. */
  copy(): Promise<ScratchDatabase>;
}

/** An empty database of its own. */
export async function scratchDatabase(source?: string): Promise<ScratchDatabase> {
  return createDatabase(postgresUrl(), {
    prefix: databasePrefix(),
    ...(source && { template: source }),
  });
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
