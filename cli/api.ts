import type { Command } from "commander";
import { processNeeds, readConfig } from "../runtime/config.ts";
import { openLog } from "../runtime/log.ts";
import { runUntilSignal } from "../runtime/shutdown.ts";
import { command } from "./options.ts";

/** `multicloud api`: serves the dashboard, health and metrics until it is told to stop. */
export function apiCommand(): Command {
  return command("api", "Serve the dashboard, health and metrics until SIGTERM").action(
    async () => {
      const config = readConfig(process.env, processNeeds.api);
      const log = openLog("api", config.LOG_LEVEL);
      await runUntilSignal(log, async (open) => {
        const { startApi } = await import("../api/main.ts");
        await startApi(config, log, open);
      });
    },
  );
}
