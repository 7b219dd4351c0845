import type { Command } from "commander";
import { processNeeds, readConfig } from "../runtime/config.ts";
import { migrate } from "../runtime/database.ts";
import { withDatabase } from "./database.ts";
import { type CommonOptions, command } from "./options.ts";
import { print } from "./output.ts";

/** `multicloud migrate`: brings the database schema up to date; prints `{"ran":[…]}`. */
export function migrateCommand(): Command {
  return command("migrate", "Bring the database schema up to date").action(
    async ({ output }: CommonOptions) => {
      const config = readConfig(process.env, processNeeds.migrate);
      const ran = await withDatabase(config.DATABASE_URL, migrate);
      const text = ran.length === 0 ? "The schema is up to date." : `Ran ${ran.join(", ")}.`;
      print(output, { ran }, text);
    },
  );
}
