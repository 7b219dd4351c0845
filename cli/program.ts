import type { Command } from "commander";
import { readVersion } from "../runtime/version.ts";
import { apiCommand } from "./api.ts";
import { credentialsCommand } from "./credentials.ts";
import { demoCommand } from "./demo.ts";
import { jobsCommand } from "./jobs.ts";
import { migrateCommand } from "./migrate.ts";
import { group } from "./options.ts";
import { type OutputFormat, printText } from "./output.ts";
import { resourcesCommand } from "./resources.ts";
import { schedulerCommand } from "./scheduler.ts";
import { schedulesCommand } from "./schedules.ts";
import { schemasCommand } from "./schemas.ts";
import { usersCommand } from "./users.ts";
import { workerCommand } from "./worker.ts";

/** The `multicloud` command with everything it can do. `format` is how it prints help and version. */
export function makeProgram(format: OutputFormat = "text"): Command {
  const program = group("multicloud", "Background workers of a multi-cloud management platform")
    .version(readVersion())
    .hook("preAction", (_, action) => inheritFormat(action));
  for (const command of [
    migrateCommand(),
    usersCommand(),
    credentialsCommand(),
    resourcesCommand(),
    jobsCommand(),
    schedulesCommand(),
    workerCommand(),
    schedulerCommand(),
    apiCommand(),
    schemasCommand(),
    demoCommand(),
  ]) {
    program.addCommand(command);
  }
  writeTexts(program, format);
  return program;
}

/** `multicloud -o json users add` means the same as `multicloud users add -o json`. */
function inheritFormat(action: Command): void {
  for (let outer = action.parent; outer; outer = outer.parent) {
    const wanted: unknown = outer.getOptionValue("output");
    if (wanted !== undefined) action.setOptionValue("output", wanted);
  }
}

function writeTexts(command: Command, format: OutputFormat): void {
  command.configureOutput({ writeOut: (text) => printText(format, text) });
  for (const inner of command.commands) writeTexts(inner, format);
}
