import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import type { DemoReport, RunDemo } from "../cli/demo.ts";
import { closeQueues, openQueues } from "../queues/open-queues.ts";
import { migrate, openDatabase } from "../runtime/database.ts";
import { openRedis } from "../runtime/redis.ts";
import { createSecrets } from "../runtime/secrets/secret.ts";
import { findBinary } from "../terraform/binary.ts";
import { TerraformMissingError } from "../terraform/errors.ts";
import { applyAndDestroy, checkHealth, type Desk, scheduleOnce } from "./demo/jobs.ts";
import { readFailedJobs, readHealth } from "./demo/ledger.ts";
import { addPeople, addResources, addRevoked, type Registry } from "./demo/people.ts";
import { follow, type Screen } from "./demo/progress.ts";
import {
  environmentFile,
  environmentScript,
  healthLines,
  problemsOf,
  table,
  whatNext,
} from "./demo/summary.ts";
import { startWorld, type World } from "./world.ts";

/** Everything is over in a minute; whoever waits longer wants to know why. */
const longestRunMs = 5 * 60_000;

/**
 * Runs all four kinds of jobs through scheduler, Redis, workers and PostgreSQL on this machine. Leaves nothing behind,
 * also when the signal aborts; then throws its reason.
 */
export const runDemo: RunDemo = async ({ isOnce, screen, signal, onReport }) => {
  const say = (text: string): void => void screen.write(`${text}\n`);
  say("Starting PostgreSQL, Redis and three simulated clouds");
  const { DATABASE_URL, REDIS_URL } = process.env;
  const world = await startWorld({ services: { DATABASE_URL, REDIS_URL }, onNotice: say });
  try {
    signal.throwIfAborted();
    const dashboardUrl = isOnce ? null : await startDashboard(world);
    const report = await runJobs(world, screen, signal);
    const next =
      dashboardUrl === null
        ? "Look at next: npm run demo, which stays up with a dashboard"
        : whatNext(world, dashboardUrl);
    onReport({ ...report, text: `${report.text}\n${next}` });
    if (isOnce) return;
    await writeFile(environmentFile(world), environmentScript(world.environment), { mode: 0o600 });
    world.start(["scheduler"]);
    if (!signal.aborted) await once(signal, "abort");
  } finally {
    await world.close();
  }
};

async function startDashboard(world: World): Promise<string> {
  const api = world.start(["api"], { API_PORT: "0" });
  const line = await api.logged(({ msg }) => msg === "api listens");
  return String(line["url"]);
}

async function runJobs(world: World, screen: Screen, signal: AbortSignal): Promise<DemoReport> {
  const { environment } = world;
  const database = await openDatabase(world.databaseUrl, { applicationName: "multicloud-demo" });
  const redis = openRedis(world.redisUrl, () => {});
  const queues = openQueues(redis, environment["QUEUE_PREFIX"] ?? "", () => {});
  try {
    await migrate(database);
    const expected = { sync: 0, "cost-ingest": 0, "health-check": 0, "terraform-apply": 0 };
    const limit = AbortSignal.any([signal, AbortSignal.timeout(longestRunMs)]);
    const desk = { database, queues, expected, signal: limit };
    const work = putJobsIn(world, desk, screen);
    const results = await follow({ database, expected, work, screen, signal: limit });
    const checks = await readHealth(database);
    const problems = problemsOf(await readFailedJobs(database), checks);
    return { queues: results, problems, text: `${table(results)}\n${healthLines(checks)}` };
  } finally {
    await closeQueues(queues);
    redis.disconnect();
    await database.destroy();
  }
}

async function putJobsIn(world: World, desk: Desk, screen: Screen): Promise<void> {
  const { environment } = world;
  const keys = createSecrets(environment["CREDENTIAL_KEYS"] ?? "", "");
  const registry: Registry = { database: desk.database, keys };
  const users = await addPeople(registry, world);
  const worker = world.start(["worker"]);
  screen.write("Two users, three clouds: the scheduler enqueues, a worker process works\n");
  const apply = async (): Promise<void> => {
    const isHere = await hasTerraform(environment, screen);
    if (isHere) await applyAndDestroy(desk, await addResources(registry, users));
  };
  const schedule = async (): Promise<void> => {
    await scheduleOnce(world, desk.expected);
    const userId = users.second;
    const credentialId = await addRevoked(registry, world, userId);
    await checkHealth(desk, { userId, credentialId });
  };
  await worker.logged(({ msg }) => msg === "worker takes jobs");
  await Promise.all([apply(), schedule()]);
}

/** Whether there is a binary; if not, says how to get one. */
async function hasTerraform(environment: Record<string, string>, screen: Screen): Promise<boolean> {
  const { TERRAFORM_BINARY: configured, PATH: searchPath } = environment;
  try {
    await findBinary({ configured, searchPath });
    return true;
  } catch (error) {
    if (!(error instanceof TerraformMissingError)) throw error;
    screen.write(`terraform-apply is skipped: ${error.message}\n`);
    return false;
  }
}
