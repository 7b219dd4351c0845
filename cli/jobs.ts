import { randomUUID } from "node:crypto";
import { Argument, type Command } from "commander";
import type { DataSource } from "typeorm";
import type { JobRun } from "../entities/job-run.ts";
import { type QueueName, queueNames } from "../queues/contract.ts";
import { idempotentJobId } from "../queues/enqueue.ts";
import { type Config, readConfig } from "../runtime/config.ts";
import { finalStates } from "../tables/claims.ts";
import { type JobOutcome, outcomeOf } from "../tables/job-outcome.ts";
import { findJobRun, findJobRunByKey } from "../tables/job-runs.ts";
import { withDatabase } from "./database.ts";
import { rejectedCommand } from "./jobs-rejected.ts";
import { replayCommand } from "./jobs-replay.ts";
import { type CommonOptions, command, group, json, seconds } from "./options.ts";
import { NegativeResult, print } from "./output.ts";
import { withQueues } from "./queues.ts";
import { waitForEnd } from "./wait-for-end.ts";

/** `multicloud jobs`: put jobs into their queues and see what came of them. */
export function jobsCommand(): Command {
  const jobs = group("jobs", "Jobs of the four queues");
  jobs.addCommand(
    command("add", "Add a job; with --wait, print how it ended")
      .addArgument(new Argument("<queue>", "the queue").choices(queueNames))
      .argument("<payload>", "the payload, JSON (docs/schemas)", json)
      .option("--wait", "wait until the job has ended; exit 1 unless it is done")
      .option("--timeout <seconds>", "how long to wait", seconds, 300)
      .action(addJob),
  );
  jobs.addCommand(rejectedCommand());
  jobs.addCommand(replayCommand());
  return jobs;
}

interface AddOptions extends CommonOptions {
  wait?: boolean;
  timeout: number;
}

async function addJob(queue: QueueName, payload: unknown, options: AddOptions): Promise<void> {
  const needs = options.wait ? (["REDIS_URL", "DATABASE_URL"] as const) : (["REDIS_URL"] as const);
  const config = readConfig(process.env, needs);
  const jobId = await add(config, queue, payload);
  if (!options.wait) {
    print(options.output, { jobId, outcome: "queued" }, `Queued ${queue} job ${jobId}.`);
    return;
  }
  const run = await withDatabase(config.DATABASE_URL, async (database) =>
    waitForEnd(
      async () => find(database, queue, jobId, payload),
      AbortSignal.timeout(Math.ceil(options.timeout * 1_000)),
    ),
  );
  const ended = describe(jobId, run, options.timeout);
  print(options.output, ended, `${queue} job ${jobId}: ${ended.outcome} ${ended.message ?? ""}`);
  if (ended.outcome !== "done") throw new NegativeResult(ended.outcome);
}

/** Adds the payload as it is: a worker judges it, so that the ledger knows what was sent and how it ended. */
async function add(config: Config, queue: QueueName, payload: unknown): Promise<string> {
  const key = keyOf(payload);
  const jobId = key ? idempotentJobId(key.userId, key.idempotencyKey) : randomUUID();
  await withQueues(config, async (queues) => queues[queue].add(queue, payload, { jobId }));
  return jobId;
}

/** What stands for the job, however it was added first, or null. */
function keyOf(payload: unknown): { userId: number; idempotencyKey: string } | null {
  if (typeof payload !== "object" || payload === null) return null;
  const userId: unknown = Reflect.get(payload, "userId");
  const idempotencyKey: unknown = Reflect.get(payload, "idempotencyKey");
  const isKey = typeof userId === "number" && typeof idempotencyKey === "string";
  return isKey ? { userId, idempotencyKey } : null;
}

async function find(
  database: DataSource,
  queue: QueueName,
  jobId: string,
  payload: unknown,
): Promise<JobRun | null> {
  const key = keyOf(payload);
  const byKey = key ? await findJobRunByKey(database, queue, key.userId, key.idempotencyKey) : null;
  return byKey ?? findJobRun(database, queue, jobId);
}

function describe(jobId: string, run: JobRun | null, timeoutSeconds: number): JobOutcome {
  if (run && finalStates.includes(run.state)) return outcomeOf(jobId, run);
  const message = `not ended after ${timeoutSeconds} s${run ? "" : "; is a worker running?"}`;
  const state = run?.state ?? "queued";
  const errorCode = run?.errorCode ?? "WAIT_TIMEOUT";
  return { jobId, outcome: state, errorCode, message, attempts: run?.attempt ?? 0, result: null };
}
