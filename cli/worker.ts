import { type Command, InvalidArgumentError } from "commander";
import { type QueueName, queueNames } from "../queues/contract.ts";
import { readConfig } from "../runtime/config.ts";
import { openLog } from "../runtime/log.ts";
import { type CommonOptions, command } from "./options.ts";

/** `multicloud worker`: runs jobs until it is told to stop. */
export function workerCommand(): Command {
  return command("worker", "Run jobs until SIGTERM")
    .option("--queues <names>", "only these queues, separated by commas; all if absent", queues)
    .action(async (options: CommonOptions & { queues?: readonly QueueName[] }) => {
      const config = readConfig(process.env);
      const log = openLog("worker", config.LOG_LEVEL);
      // Loaded here: what workers need would slow the start of every other command.
      const { runWorker } = await import("../workers/main.ts");
      await runWorker(config, options.queues ?? queueNames, log);
    });
}

function queues(text: string): QueueName[] {
  return text.split(",").map((part) => {
    const name = queueNames.find((known) => known === part.trim());
    if (!name) throw new InvalidArgumentError(`expected ${queueNames.join(", ")}.`);
    return name;
  });
}
