import { join } from "node:path";
import { Client } from "pg";
import { type LocalPostgres, startPostgres } from "../../local/postgres.ts";
import { serverFolder } from "./temporary-folder.ts";

/** A PostgreSQL of its own that goes away and comes back on the same port with the same data. */
export interface RestartablePostgres {
  /** An empty database; the URL is that of its owner, who is no superuser. */
  url: string;
  /** The same database as its superuser, whom no limit concerns. */
  superuserUrl: string;
  /** Ends it; connections are cut and open transactions are rolled back. */
  stop(): Promise<void>;
  /** Resolves when it answers. */
  start(): Promise<void>;
  /** Cuts the owner's connections and refuses new ones with what a full server says (SQLSTATE 53300), until `makeRoom`. */
  exhaust(): Promise<void>;
  makeRoom(): Promise<void>;
  close(): Promise<void>;
}

export async function restartablePostgres(): Promise<RestartablePostgres> {
  const parent = await serverFolder();
  const folder = join(parent.path, "postgres");
  let server: LocalPostgres = await startPostgres({ folder, fsync: false });
  const superuser = new URL(server.url);
  const run = async (...statements: string[]): Promise<void> => {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  await run("CREATE ROLE owner LOGIN PASSWORD 'owner'", "CREATE DATABASE owned OWNER owner");
  superuser.pathname = "/owned";
  const owner = new URL(superuser);
  owner.username = owner.password = "owner";
  return {
    url: owner.href,
    superuserUrl: superuser.href,
    stop: async () => server.close(),
    start: async () => {
      server = await startPostgres({ folder, fsync: false, port: Number(superuser.port) });
    },
    exhaust: async () =>
      run(
        "ALTER DATABASE owned CONNECTION LIMIT 0",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'owner'",
      ),
    makeRoom: async () => run("ALTER DATABASE owned CONNECTION LIMIT -1"),
    close: async () => {
      await server.close();
      await parent.remove();
    },
  };
}
