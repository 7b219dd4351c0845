import { randomBytes } from "node:crypto";
import { Client } from "pg";

/** A database of its own on some server. */
export interface ScratchDatabase {
  url: string;
  /** Drops it; whoever is still connected is cut off. */
  drop(): Promise<void>;
}

/** Runs a statement of an administrator on the server of the URL. */
export type Administer = (serverUrl: string, statement: string) => Promise<void>;

/**
 * Creates a database beside the one of the URL, whose user must be allowed to; empty, or a copy of the template. Whoever
 * creates many brings a connection for it: `administer` makes a new one for every statement.
 */
export async function createDatabase(
  serverUrl: string,
  { prefix, template = "template0" }: { prefix: string; template?: string },
  execute: Administer = administer,
): Promise<ScratchDatabase> {
  const name = `${prefix}_${randomBytes(6).toString("hex")}`;
  await execute(serverUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const drop = async () => execute(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  return { url: url.href, drop };
}

async function administer(serverUrl: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
