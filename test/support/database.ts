import type { DataSource } from "typeorm";
import { migrate, openDatabase } from "../../runtime/database.ts";
import { template } from "./template.ts";

const migrated = template(async (url) => {
  const database = await openDatabase(url);
  await migrate(database);
  await database.destroy();
});

export interface TestDatabase {
  url: string;
  dataSource: DataSource;
  close(): Promise<void>;
}

/** A migrated database of its own, with a connected data source. */
export async function testDatabase(): Promise<TestDatabase> {
  const copy = await migrated.copy();
  const dataSource = await openDatabase(copy.url, { poolSize: 10 });
  const close = async () => {
    await dataSource.destroy();
    await copy.drop();
  };
  return { url: copy.url, dataSource, close };
}
