import { pino } from "pino";
import type { DataSource } from "typeorm";
import { Credential } from "../../entities/credential.ts";
import { ResourceInventory } from "../../entities/resource-inventory.ts";
import { SyncScope } from "../../entities/sync-scope.ts";
import { User } from "../../entities/user.ts";
import type { Provider } from "../../providers/provider.ts";
import type { FinishedRun } from "../../workers/run-job.ts";
import { runJob } from "../../workers/run-job.ts";
import type { Services } from "../../workers/services.ts";
import { syncCredential } from "../../workers/sync.ts";
import { testDatabase } from "./database.ts";
import { ScriptedProvider, type Step } from "./scripted-provider.ts";
import { testServices } from "./worker-services.ts";

/** A user with one AWS credential. */
export interface Account {
  userId: number;
  credentialId: number;
}

let accounts = 0;
let jobs = 0;

/** Adds a user, or another credential of one. */
export async function addAccount(database: DataSource, userId?: number): Promise<Account> {
  accounts += 1;
  const owner =
    userId ??
    (await database.manager.save(User, { email: `${accounts}@example.org`, hashedPassword: "x" }))
      .id;
  const secrets = { accessKey: "AKIA", secretKey: "secret" };
  const credential = { userId: owner, provider: "aws", settings: {}, ...secrets };
  const { id } = await database.manager.save(Credential, credential);
  return { userId: owner, credentialId: id };
}

/** What a sync writes does not depend on how its credential is sealed. */
const plainSecrets: Services["secrets"] = {
  open: (sealed) => sealed,
  seal: (text) => text,
  isCurrent: () => true,
};

export interface SyncJob {
  /** A job of its own unless named: name it to try the same job again. */
  id?: string;
  /** How often the queue took it from a worker that had died; none unless given. */
  stalls?: number;
  signal?: AbortSignal;
  payload?: Record<string, unknown>;
  touchAfterSeconds?: number;
}

/** Runs one sync through the pipeline that every job takes. */
export async function runSync(
  database: DataSource,
  provider: Provider,
  account: Account,
  job: SyncJob = {},
): Promise<FinishedRun> {
  jobs += 1;
  const services = testServices(database, {
    openProvider: async () => provider,
    secrets: plainSecrets,
    syncTouchAfterSeconds: job.touchAfterSeconds ?? 0,
  });
  const delivery = {
    id: job.id ?? `sync-${jobs}`,
    queuedAt: new Date("2026-01-01T00:00:00Z"),
    data: { ...account, ...job.payload },
    stalls: job.stalls ?? 0,
    retries: 0,
    log: async () => {},
    updateProgress: async () => {},
  };
  const signal = job.signal ?? new AbortController().signal;
  const log = pino({ level: "silent" });
  return runJob("sync", syncCredential, { ...services, log }, delivery, signal);
}

/** A database with one account and a provider that a test scripts. */
export interface TestSync {
  database: DataSource;
  account: Account;
  provider: ScriptedProvider;
  /** Syncs what the scripts say and returns how the job ended. */
  sync(scripts: Record<string, Step[]>, job?: SyncJob): Promise<FinishedRun>;
  /** Syncs and returns the result; throws unless the job is done. */
  result(scripts: Record<string, Step[]>, job?: SyncJob): Promise<unknown>;
  /** The account's rows, by id. */
  rows(): Promise<ResourceInventory[]>;
  /** The names in these rows. */
  names(): Promise<(string | null)[]>;
  /** The scope with this key, as `ScriptedProvider` spells them. */
  scope(key: string): Promise<SyncScope>;
  close(): Promise<void>;
}

export async function testSync(): Promise<TestSync> {
  const opened = await testDatabase();
  const database = opened.dataSource;
  const account = await addAccount(database);
  const provider = new ScriptedProvider();
  const sync: TestSync["sync"] = async (scripts, job) => {
    provider.scripts = scripts;
    return runSync(database, provider, account, job);
  };
  const result: TestSync["result"] = async (scripts, job) => {
    const { outcome } = await sync(scripts, job);
    if (outcome.kind !== "done") throw new Error(`the sync ended as ${JSON.stringify(outcome)}`);
    return outcome.result;
  };
  const rows = async () => inventory(database, account);
  const names = async () => (await rows()).map(({ resourceName }) => resourceName);
  const scope = async (key: string) => {
    const [region = "", kind = ""] = key.split(" ");
    const { credentialId } = account;
    return database.manager.findOneByOrFail(SyncScope, { credentialId, region, kind });
  };
  return {
    database,
    account,
    provider,
    sync,
    result,
    rows,
    names,
    scope,
    close: async () => opened.close(),
  };
}

/** All rows of a user, by id. */
export async function inventory(
  database: DataSource,
  { userId }: Account,
): Promise<ResourceInventory[]> {
  const order = { resourceId: "ASC" } as const;
  return database.manager.find(ResourceInventory, { where: { userId }, order });
}

/** Counts of a sync that changed no row, and of one that listed no scope. */
export const noRows = { created: 0, updated: 0, unchanged: 0, missing: 0, deleted: 0 };
export const noScopes = { complete: 0, partial: 0, denied: 0, throttled: 0, skipped: 0, held: 0 };
