import type { Command } from "commander";
import type { JobRun } from "../entities/job-run.ts";
import { readConfig } from "../runtime/config.ts";
import { listRejectedJobs } from "../tables/rejected-jobs.ts";
import { withDatabase } from "./database.ts";
import { type CommonOptions, command, id } from "./options.ts";
import { print } from "./output.ts";

/** `multicloud jobs rejected`: jobs that must be repaired before they can run. */
export function rejectedCommand(): Command {
  return command("rejected", "List jobs that must be repaired before they can run, newest first")
    .option("--limit <number>", "how many at most", id, 50)
    .action(listRejected);
}

async function listRejected(options: CommonOptions & { limit: number }): Promise<void> {
  const config = readConfig(process.env, ["DATABASE_URL"]);
  const runs = await withDatabase(config.DATABASE_URL, async (database) =>
    listRejectedJobs(database, options.limit),
  );
  print(options.output, runs.map(describe), table(runs));
}

function describe(run: JobRun): Record<string, unknown> {
  return {
    id: run.id,
    queue: run.queue,
    jobId: run.jobId,
    state: run.state,
    reason: run.errorCode,
    message: run.errorMessage,
    userId: run.userId,
    payload: run.payload,
    raw: run.raw,
    rejectedAt: run.finishedAt,
  };
}

function table(runs: readonly JobRun[]): string {
  if (runs.length === 0) return "No job needs repair.";
  const lines = runs.map(
    (run) =>
      `${run.id}  ${run.queue}  ${run.errorCode ?? ""}: ${run.errorMessage ?? ""}  (job ${oneLine(run.jobId)})`,
  );
  return [...lines, "Repair one: multicloud jobs replay <id> --payload '<JSON>'"].join("\n");
}

/** Ids of foreign entries are whole messages. */
function oneLine(jobId: string): string {
  const line = JSON.stringify(jobId).slice(1, -1);
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
