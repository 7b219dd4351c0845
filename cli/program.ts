import { Command } from "commander";
import { apiCommand } from "./api.ts";
import { credentialsCommand } from "./credentials.ts";
import { demoCommand } from "./demo.ts";
import { jobsCommand } from "./jobs.ts";
import { migrateCommand } from "./migrate.ts";
import { resourcesCommand } from "./resources.ts";
import { schedulerCommand } from "./scheduler.ts";
import { schedulesCommand } from "./schedules.ts";
import { schemasCommand } from "./schemas.ts";
import { usersCommand } from "./users.ts";
import { workerCommand } from "./worker.ts";

/** The `multicloud` command with everything it can do. */
export function makeProgram(): Command {
  const program = new Command("multicloud")
    .description("Background workers of a multi-cloud management platform")
    .exitOverride();
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
  return program;
}
