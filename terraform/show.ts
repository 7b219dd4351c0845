import type { CommandOptions } from "./command.ts";
import { runCommand } from "./command.ts";

/** Arguments of `terraform show` of a saved plan as JSON. */
export function showArguments(plan: string): string[] {
  return ["show", "-json", "-no-color", plan];
}

/**
 * A saved plan as terraform's plan JSON (`resource_changes`, `output_changes` …), for policy checks.
 * It holds values in clear, sensitive ones too: not to be stored or logged.
 */
export async function showPlan(plan: string, options: CommandOptions): Promise<unknown> {
  return JSON.parse(await runCommand(showArguments(plan), options));
}
