import { join } from "node:path";
import { execa } from "execa";

/** How a command of the command line ended. */
export interface CommandResult {
  exitCode: number | undefined;
  /** Standard output as the one JSON document that it must be; null when it is empty. */
  json: unknown;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  environment: Record<string, string>;
  /** Standard input. */
  input?: string;
  timeoutMs?: number;
}

const checkout = join(import.meta.dirname, "../..");

/** Runs `npm run -s multicloud -- …` as a user of a checkout does. Throws SyntaxError when the output is not JSON. */
export async function multicloud(
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  return npm(["run", "-s", "multicloud", "--", ...args, "-o", "json"], options);
}

/** Runs npm in the checkout with exactly this environment. Throws SyntaxError when the output is not JSON. */
export async function npm(
  args: readonly string[],
  { environment, input = "", timeoutMs = 110_000 }: CommandOptions,
): Promise<CommandResult> {
  const { exitCode, stdout, stderr } = await execa("npm", args, {
    cwd: checkout,
    env: environment,
    extendEnv: false,
    input,
    reject: false,
    timeout: timeoutMs,
  });
  return { exitCode, json: stdout === "" ? null : JSON.parse(stdout), stdout, stderr };
}
