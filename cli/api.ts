import type { Command } from "commander";
import { readConfig } from "../runtime/config.ts";
import { openLog } from "../runtime/log.ts";
import { command } from "./options.ts";

/** `multicloud api`: serves the dashboard, health and metrics until it is told to stop. */
export function apiCommand(): Command {
  return command("api", "Serve the dashboard, health and metrics until SIGTERM").action(
    async () => {
      const config = readConfig(process.env);
      const { runApi } = await import("../api/main.ts");
      await runApi(config, openLog("api", config.LOG_LEVEL));
    },
  );
}
