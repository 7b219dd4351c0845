import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

/** A DuckDB that can read one file and nothing else. */
export interface FileReader {
  connection: DuckDBConnection;
  /** The file, under a name that is safe inside a SQL string. */
  file: string;
  close(): Promise<void>;
}

const settings = {
  threads: "2",
  memory_limit: "256MB",
  max_temp_directory_size: "20GB",
  autoinstall_known_extensions: "false",
  autoload_known_extensions: "false",
};

/**
 * Opens a private in-memory DuckDB. It sees the file through a link in a folder of its own, so that characters of
 * the path are neither wildcards nor SQL; everything else, URLs included, is shut off. Sorting spills to that folder.
 */
export async function openReader(path: string): Promise<FileReader> {
  const folder = await mkdtemp(join(tmpdir(), "multicloud-focus-"));
  const link = join(folder, "input");
  await symlink(path, link);
  const file = link.replaceAll("'", "''");
  const instance = await DuckDBInstance.create(":memory:", {
    ...settings,
    temp_directory: join(folder, "spill"),
  });
  const connection = await instance.connect();
  await connection.run(`SET TimeZone = 'UTC'`);
  await connection.run(`SET allowed_paths = ['${file}']`);
  await connection.run("SET enable_external_access = false");
  await connection.run("SET lock_configuration = true");
  const close = async () => {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  };
  return { connection, file, close };
}
