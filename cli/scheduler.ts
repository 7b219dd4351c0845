import type { Command } from "commander";
import { readConfig } from "../runtime/config.ts";
import { openLog } from "../runtime/log.ts";
import { command } from "./options.ts";

/** `multicloud scheduler`: enqueues due jobs until it is told to stop. */
export function schedulerCommand(): Command {
  return command("scheduler", "Enqueue due jobs until SIGTERM").action(async () => {
    const config = readConfig(process.env);
    const { runScheduler } = await import("../scheduler/main.ts");
    await runScheduler(config, openLog("scheduler", config.LOG_LEVEL));
  });
}
