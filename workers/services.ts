import type { DataSource } from "typeorm";
import type { OpenProvider } from "../providers/provider.ts";

/** What every handler may use; made once per process. Handlers take what they need of it. */
export interface Services {
  database: DataSource;
  openProvider: OpenProvider;
}
