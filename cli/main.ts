#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { apiCommand } from "./api.ts";
import { credentialsCommand } from "./credentials.ts";
import { demoCommand } from "./demo.ts";
import { jobsCommand } from "./jobs.ts";
import { migrateCommand } from "./migrate.ts";
import { NegativeResult, type OutputFormat, printError } from "./output.ts";
import { resourcesCommand } from "./resources.ts";
import { schedulerCommand } from "./scheduler.ts";
import { schemasCommand } from "./schemas.ts";
import { usersCommand } from "./users.ts";
import { workerCommand } from "./worker.ts";

const program = new Command("multicloud")
  .description("Background workers of a multi-cloud management platform")
  .exitOverride();
for (const command of [
  migrateCommand(),
  usersCommand(),
  credentialsCommand(),
  resourcesCommand(),
  jobsCommand(),
  workerCommand(),
  schedulerCommand(),
  apiCommand(),
  schemasCommand(),
  demoCommand(),
]) {
  program.addCommand(command);
}

/** Programs that asked for JSON get it for errors too, also for those of the command line itself. */
function wantedFormat(args: readonly string[]): OutputFormat {
  const joined = args.join("\0");
  return /(?:^|\0)(?:-o\0?=?json|--output[\0=]json|--json)(?:\0|$)/.test(joined) ? "json" : "text";
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = error instanceof CommanderError ? error.exitCode : 1;
  const isAnswer = error instanceof NegativeResult || process.exitCode === 0;
  if (!isAnswer) printError(wantedFormat(process.argv), error);
}
