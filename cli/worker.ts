import { type Command, InvalidArgumentError } from "commander";
import { type QueueName, queueNames } from "../queues/contract.ts";
import { processNeeds, readConfig } from "../runtime/config.ts";
import { openLog } from "../runtime/log.ts";
import { runUntilSignal } from "../runtime/shutdown.ts";
import { type CommonOptions, command } from "./options.ts";

/** `multicloud worker`: runs jobs until it is told to stop. */
export function workerCommand(): Command {
  return command("worker", "Run jobs until SIGTERM")
    .option("--queues <names>", "only these queues, separated by commas; all if absent", queues)
    .action(async (options: CommonOptions & { queues?: readonly QueueName[] }) => {
      const config = readConfig(process.env, processNeeds.worker);
      const log = openLog("worker", config.LOG_LEVEL);
      await runUntilSignal(log, async (open) => {
        // Loaded here: what workers need would slow the start of every other command.
        const { startWorkerProcess } = await import("../workers/main.ts");
        await startWorkerProcess(config, options.queues ?? queueNames, log, open);
      });
    });
}

function queues(text: string): QueueName[] {
  return text.split(",").map((part) => {
    const name = queueNames.find((known) => known === part.trim());
    if (!name) throw new InvalidArgumentError(`expected ${queueNames.join(", ")}.`);
    return name;
  });
}
