import type { Command } from "commander";
import { processNeeds, readConfig } from "../runtime/config.ts";
import { openLog } from "../runtime/log.ts";
import { runUntilSignal } from "../runtime/shutdown.ts";
import { command } from "./options.ts";

/** `multicloud scheduler`: enqueues due jobs until it is told to stop. */
export function schedulerCommand(): Command {
  return command("scheduler", "Enqueue due jobs until SIGTERM").action(async () => {
    const config = readConfig(process.env, processNeeds.scheduler);
    const log = openLog("scheduler", config.LOG_LEVEL);
    await runUntilSignal(log, async (open) => {
      const { startScheduler } = await import("../scheduler/main.ts");
      await startScheduler(config, log, open);
    });
  });
}
