import { execa } from "execa";
import { TerraformError } from "./errors.ts";

export interface CommandOptions {
  binary: string;
  /** Working directory: the module's. */
  directory: string;
  /** The whole environment; nothing is inherited. */
  environment: Record<string, string>;
  timeoutMs: number;
  signal?: AbortSignal;
}

/**
 * Runs a subcommand that only reads and answers at once, and returns its standard output.
 * Whatever changes something goes through process.ts instead, because it has to survive us.
 * Throws TerraformError with the exit code; its message never holds what the command printed.
 */
export async function runCommand(args: string[], options: CommandOptions): Promise<string> {
  const result = await execa(options.binary, args, {
    cwd: options.directory,
    env: options.environment,
    extendEnv: false,
    timeout: options.timeoutMs,
    stdin: "ignore",
    reject: false,
    ...(options.signal && { cancelSignal: options.signal }),
  });
  options.signal?.throwIfAborted();
  if (!result.failed) return result.stdout;
  throw new TerraformError({
    stage: "read",
    exitCode: result.exitCode ?? null,
    end: result.timedOut ? "timeout" : result.exitCode === undefined ? "killed" : "exit",
    cause: result.code,
  });
}
