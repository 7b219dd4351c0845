import { z } from "zod";
import type { CommandOptions } from "./command.ts";
import { runCommand } from "./command.ts";
import type { Outputs } from "./state.ts";

const outputsSchema = z.record(
  z.string(),
  z.object({ value: z.unknown(), sensitive: z.boolean() }),
);

/** Arguments of `terraform output` of all outputs as JSON. */
export function outputArguments(): string[] {
  return ["output", "-json", "-no-color"];
}

/** The outputs as the binary itself reads them from the state. Sensitive values are in clear. */
export async function readOutputs(options: CommandOptions): Promise<Outputs> {
  return outputsSchema.parse(JSON.parse(await runCommand(outputArguments(), options)));
}
