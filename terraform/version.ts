import { z } from "zod";
import { runCommand } from "./command.ts";

const versionSchema = z.object({ terraform_version: z.string() });

/** Arguments of `terraform version` as JSON; `tofu` answers with the same field names. */
export function versionArguments(): string[] {
  return ["version", "-json"];
}

/** The version of a binary, such as `1.11.4`. */
export async function readVersion(binary: string): Promise<string> {
  const text = await runCommand(versionArguments(), {
    binary,
    directory: "/",
    // An empty CLI configuration, because a missing one prints a warning before the JSON.
    environment: { CHECKPOINT_DISABLE: "1", TF_CLI_CONFIG_FILE: "/dev/null" },
    timeoutMs: 10_000,
  });
  return versionSchema.parse(JSON.parse(text)).terraform_version;
}
