import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { queueNames } from "../queues/contract.ts";
import { payloadJsonSchema } from "../queues/json-schema.ts";
import { type CommonOptions, command } from "./options.ts";
import { print } from "./output.ts";

/** `multicloud schemas`: the JSON Schemas of the payloads, for producers in any language. */
export function schemasCommand(): Command {
  return command("schemas", "Write the JSON Schema of each queue's payload")
    .argument("<folder>", "where to write them")
    .action(writeSchemas);
}

async function writeSchemas(folder: string, { output }: CommonOptions): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = queueNames.map((name) => join(folder, `${name}.json`));
  for (const [index, name] of queueNames.entries()) {
    const text = `${JSON.stringify(payloadJsonSchema(name), null, 2)}\n`;
    await writeFile(files[index] ?? "", text);
  }
  print(output, { files }, files.join("\n"));
}
