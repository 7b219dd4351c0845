import { join } from "node:path";
import Table from "cli-table3";
import { queueNames } from "../../queues/contract.ts";
import type { World } from "../world.ts";
import type { FailedJob, HealthCheck, Results } from "./ledger.ts";
import { revokedName } from "./people.ts";

/** The results as a table for people. */
export function table(results: Results): string {
  const drawn = new Table({
    head: ["queue", "completed", "failed", "rows written", "seconds"],
    colAligns: ["left", "right", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const name of queueNames) {
    const { completed, failed, rows, seconds } = results[name];
    drawn.push([name, completed, failed, rows.toLocaleString("en"), seconds.toFixed(1)]);
  }
  return drawn.toString();
}

/** What the health checks found, one line per credential. */
export function healthLines(checks: HealthCheck[]): string {
  const lines = checks.map(
    ({ name, status, error_message: problem }) =>
      `  ${name}: ${status}${problem === null ? "" : `, ${problem}`}`,
  );
  return ["Health of the credentials:", ...lines].join("\n");
}

/** What did not go as it should: jobs that failed, and credentials whose health was not seen as it is. */
export function problemsOf(jobs: FailedJob[], checks: HealthCheck[]): string[] {
  const failed = jobs.map(
    (job) => `${job.queue} ${job.job_id} ${job.state}: ${job.error_code} ${job.error_message}`,
  );
  const misjudged = checks.filter(
    ({ name, status }) => status !== (name === revokedName ? "error" : "healthy"),
  );
  return [...failed, ...misjudged.map(({ name, status }) => `the health of ${name} is ${status}`)];
}

/** What to look at while everything is up. `environmentFile` is made by `writeEnvironment`. */
export function whatNext(world: World, dashboardUrl: string): string {
  return [
    "Look at next:",
    `  dashboard  ${dashboardUrl}`,
    `  database   psql '${world.databaseUrl}' -c 'SELECT queue, state, result FROM job_runs'`,
    `  commands   . ${environmentFile(world)}`,
    `             npm run -s multicloud -- jobs add sync '{"userId":1,"credentialId":1}' --wait`,
    "Ctrl-C stops everything and removes it.",
  ].join("\n");
}

/** Shell script that makes `multicloud` work in this world. */
export function environmentFile(world: World): string {
  return join(world.folder, "environment.sh");
}

/** Text of that script. */
export function environmentScript(environment: Record<string, string>): string {
  const lines = Object.entries(environment)
    .filter(([name]) => !["PATH", "HOME", "TMPDIR", "LANG"].includes(name))
    .map(([name, value]) => `export ${name}=${quote(value)}`);
  return `${lines.join("\n")}\n`;
}

function quote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
