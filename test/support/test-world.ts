import type { DataSource } from "typeorm";
import type { JobRun } from "../../entities/job-run.ts";
import type { CloudAccount } from "../../local/accounts.ts";
import { addAccount } from "../../local/demo/people.ts";
import { startWorld, type World } from "../../local/world.ts";
import type { QueueName } from "../../queues/contract.ts";
import { closeQueues, openQueues, type Queues } from "../../queues/open-queues.ts";
import { migrate, openDatabase } from "../../runtime/database.ts";
import { openRedis } from "../../runtime/redis.ts";
import { createSecrets, type Secrets } from "../../runtime/secrets/secret.ts";
import { finalStates } from "../../tables/claims.ts";
import { findJobRun } from "../../tables/job-runs.ts";
import { postgresUrl, redisUrl, want } from "./services.ts";
import { until } from "./until.ts";

want("postgres");
want("redis");

/** An installation on the services of the test run, with simulated clouds and processes of its own. */
export interface TestWorld extends World {
  database: DataSource;
  queues: Queues;
  keys: Secrets;
  /** Adds a user and a credential for each account; returns their ids in this order. */
  addUser(...accounts: CloudAccount[]): Promise<{ userId: number; credentialIds: number[] }>;
  /** Waits until the job has ended and returns what the ledger says of it. */
  ended(queue: QueueName, jobId: string, timeoutMs?: number): Promise<JobRun>;
  /** A worker process that takes jobs, with these variables on top. */
  startWorker(environment?: Record<string, string>): Promise<ReturnType<World["start"]>>;
}

/** A world on the services of the test run, with an empty database. */
export async function emptyWorld(): Promise<World> {
  return startWorld({ services: { DATABASE_URL: postgresUrl(), REDIS_URL: redisUrl() } });
}

/** Starts a world with a migrated database. */
export async function testWorld(): Promise<TestWorld> {
  const world = await emptyWorld();
  const database = await openDatabase(world.databaseUrl);
  await migrate(database);
  const redis = openRedis(world.redisUrl, () => {});
  const queues = openQueues(redis, world.environment["QUEUE_PREFIX"] ?? "", () => {});
  const keys = createSecrets(world.environment["CREDENTIAL_KEYS"] ?? "", "");
  let users = 0;
  return {
    ...world,
    database,
    queues,
    keys,
    addUser: async (...accounts) => {
      users += 1;
      const [row]: { id: number }[] = await database.query(
        "INSERT INTO users (email, hashed_password) VALUES ($1, 'x') RETURNING id",
        [`user-${users}@example.com`],
      );
      const userId = row?.id ?? 0;
      const credentialIds: number[] = [];
      for (const account of accounts) {
        credentialIds.push(await addAccount({ database, keys }, userId, account));
      }
      return { userId, credentialIds };
    },
    ended: async (queue, jobId, timeoutMs = 60_000) =>
      until(
        async () => {
          const run = await findJobRun(database, queue, jobId);
          return run && finalStates.includes(run.state) ? run : undefined;
        },
        { timeoutMs, what: `${queue} job ${jobId} has ended` },
      ).then((run) => {
        if (!run) throw new TypeError("until returned nothing");
        return run;
      }),
    startWorker: async (environment) => {
      const worker = world.start(["worker"], environment);
      await worker.logged(({ msg }) => msg === "worker takes jobs");
      return worker;
    },
    close: async () => {
      await closeQueues(queues);
      redis.disconnect();
      await database.destroy();
      await world.close();
    },
  };
}
