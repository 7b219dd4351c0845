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

/** Writes a text that is for people by nature, such as help; programs get it as `{"text":…}`. */
export function printText(format: OutputFormat, text: string): void {
  print(format, { text }, text.trimEnd());
}

/** Says on standard error, and for programs on standard output, why a command failed. */
export function printError(format: OutputFormat, error: unknown): void {
  const { code, message } = describe(error);
  // The command line parser has told people already.
  if (!(error instanceof CommanderError)) process.stderr.write(`multicloud: ${message}\n`);
  if (format === "json") print(format, { error: { code, message } }, message);
}

function describe(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: "FAILED", message: String(error) };
  const { message } = error;
  const code: unknown = Reflect.get(error, "code");
  if (code === "commander.help") return { code: "USAGE", message: "a command is missing" };
  // The parser's own codes are not ours to promise.
  if (typeof code === "string" && code.startsWith("commander.")) {
    return { code: "USAGE", message: message.replace(/^error: /, "") };
  }
  return { code: typeof code === "string" ? code : "FAILED", message };
}
