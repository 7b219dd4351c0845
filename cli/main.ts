#!/usr/bin/env node
import { CommanderError } from "commander";
import { NegativeResult, type OutputFormat, printError } from "./output.ts";
import { makeProgram } from "./program.ts";

/** Programs that asked for JSON get it for help and errors too, also for those of the command line itself. */
function wantedFormat(args: readonly string[]): OutputFormat {
  const joined = args.join("\0");
  return /(?:^|\0)(?:-o\0?=?json|--output[\0=]json|--json)(?:\0|$)/.test(joined) ? "json" : "text";
}

// Whoever reads only the beginning, as `head` does, has what they wanted; the work goes on to its end.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

const format = wantedFormat(process.argv);
try {
  await makeProgram(format).parseAsync();
} catch (error) {
  process.exitCode = error instanceof CommanderError ? error.exitCode : 1;
  const isAnswer = error instanceof NegativeResult || process.exitCode === 0;
  if (!isAnswer) printError(format, error);
}
