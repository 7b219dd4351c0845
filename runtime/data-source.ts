import { readConfig } from "./config.ts";
import { createDataSource } from "./database.ts";

/** For TypeORM's own command line (`npm run migration:check`), which wants a file that exports a data source. */
export const dataSource = createDataSource(readConfig(process.env, ["DATABASE_URL"]).DATABASE_URL);
