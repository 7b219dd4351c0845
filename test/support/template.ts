import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { afterAllTests, postgresUrl, want } from "./services.ts";

want("postgres");

/** A database that is filled once per run and copied for every test: copying takes tens of milliseconds. */
export interface Template {
  /** A new copy. */
  copy(): Promise<ScratchDatabase>;
}

export interface ScratchDatabase {
  url: string;
  /** Drops the database; whoever is still connected is cut off. */
  drop(): Promise<void>;
}

/** An empty database of its own. */
export async function scratchDatabase(source = "template0"): Promise<ScratchDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE ${source}`);
  const url = new URL(postgresUrl());
  url.pathname = `/${name}`;
  const drop = () => administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  return { url: url.href, drop };
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

async function administer(statement: string): Promise<void> {
  const client = new Client({ connectionString: postgresUrl() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
