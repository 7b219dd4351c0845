import { CommanderError } from "commander";

/** How a command prints its result: for people, or as one JSON document for programs. */
export type OutputFormat = "text" | "json";

/** Writes a result to standard output. `text` is what people read; programs get the whole value. */
export function print(format: OutputFormat, value: unknown, text: string): void {
  process.stdout.write(format === "json" ? `${JSON.stringify(value)}\n` : `${text}\n`);
}

/** The command was used wrongly. The caller's fault; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "USAGE";
}

/** The command did its work and the answer is no: what it printed says why, the exit code is 1. */
export class NegativeResult extends Error {
  override readonly name = "NegativeResult";
}

/** Says on standard error, and for programs on standard output, why a command failed. */
export function printError(format: OutputFormat, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  // The command line parser has told people already.
  if (!(error instanceof CommanderError)) process.stderr.write(`multicloud: ${message}\n`);
  if (format !== "json") return;
  const described = { code: typeof code === "string" ? code : "FAILED", message };
  process.stdout.write(`${JSON.stringify({ error: described })}\n`);
}
