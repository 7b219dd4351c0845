import { randomUUID } from "node:crypto";
import { type Command, InvalidArgumentError } from "commander";
import type { DataSource } from "typeorm";
import type { JobRun } from "../entities/job-run.ts";
import { type QueueName, queueNames } from "../queues/contract.ts";
import { contracts, type Payloads } from "../queues/contracts.ts";
import { enqueue } from "../queues/enqueue.ts";
import type { Queues } from "../queues/open-queues.ts";
import { parsePayload } from "../queues/parse-payload.ts";
import { readConfig } from "../runtime/config.ts";
import { lockEndedJob, recordReplay } from "../tables/rejected-jobs.ts";
import { withDatabase } from "./database.ts";
import { type CommonOptions, command, json } from "./options.ts";
import { print, UsageError } from "./output.ts";
import { withQueues } from "./queues.ts";

/** `multicloud jobs replay`: runs a job again that was rejected, given up or failed, with its payload repaired. */
export function replayCommand(): Command {
  return command("replay", "Run a job again as a new one, with its payload repaired")
    .argument("<id>", "the ledger's id of the job, from `jobs rejected`", ledgerId)
    .option("--payload <json>", "the repaired payload; the kept one if absent", json)
    .action(replay);
}

async function replay(id: string, options: CommonOptions & { payload?: unknown }): Promise<void> {
  const config = readConfig(process.env, ["DATABASE_URL", "REDIS_URL"]);
  const jobId = await withQueues(config, async (queues) =>
    withDatabase(config.DATABASE_URL, async (database) =>
      replayJob(database, queues, id, options.payload),
    ),
  );
  print(options.output, { jobId, replayOf: id }, `Queued job ${jobId} in place of ${id}.`);
}

const replayable = ["rejected", "given-up", "failed"];

/**
 * Puts an ended job's payload, or the repaired one, into its queue as a new job and notes it on the old row, both or
 * neither. Returns the id of the new job. Throws UsageError for a job that cannot be repeated, InvalidPayloadError,
 * which names the field, for a payload that breaks the contract.
 */
export async function replayJob(
  database: DataSource,
  queues: Queues,
  id: string,
  repaired?: unknown,
): Promise<string> {
  return database.transaction(async (manager) => {
    const run = await lockEndedJob(manager, id);
    if (!run) throw new UsageError(`the ledger has no job ${id}`);
    const queue = queueNames.find((name) => name === run.queue);
    if (!queue) throw new UsageError(`job ${id} is of a queue ${run.queue} that does not exist`);
    assertReplayable(run);
    const jobId = `replay-${randomUUID()}`;
    await recordReplay(manager, id, jobId);
    await enqueue(queues[queue], queue, checked(queue, repaired ?? run.payload), { jobId });
    return jobId;
  });
}

/** The key of the old job would make the ledger answer with how that one ended. */
function checked<Name extends QueueName>(name: Name, data: unknown): Payloads[Name] {
  const { idempotencyKey: _, ...payload } = parsePayload(contracts[name], data);
  return parsePayload(contracts[name], payload);
}

function assertReplayable(run: JobRun): void {
  if (!replayable.includes(run.state)) {
    throw new UsageError(
      `job ${run.id} is ${run.state}; only ${replayable.join(", ")} are repeated`,
    );
  }
  const isReplayed =
    run.replayedAt !== null && (run.finishedAt === null || run.replayedAt >= run.finishedAt);
  if (isReplayed) throw new UsageError(`job ${run.id} was repeated as ${String(run.replayedAs)}`);
}

function ledgerId(text: string): string {
  if (/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)) return text;
  throw new InvalidArgumentError("expected the id of a job in the ledger, a UUID.");
}
