import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SimulatedAws, startAws } from "./clouds/aws.ts";
import { type SimulatedAzure, startAzure } from "./clouds/azure/server.ts";
import { type SimulatedGcp, startGcp } from "./clouds/gcp/server.ts";
import { type CostFile, costFile } from "./cost-files.ts";
import { createDatabase } from "./database.ts";
import { removeLeftovers } from "./leftovers.ts";
import { type OwnProcess, startProcess } from "./processes.ts";
import { deleteQueueKeys } from "./queue-keys.ts";
import { startServices } from "./services.ts";
import { type FakeProviders, startFakeProviders } from "./terraform/server.ts";

export interface WorldOptions {
  /**
   * `DATABASE_URL` and `REDIS_URL` of servers that are there already. The world makes a database and a key prefix of
   * its own in them and leaves the rest alone. What is absent is started.
   */
  services?: { DATABASE_URL?: string | undefined; REDIS_URL?: string | undefined };
  /** Told before something slow is tried: one sentence. */
  onNotice?: (text: string) => void;
}

/** All that an installation needs, on one machine without accounts: an empty database, Redis and simulated clouds. */
export interface World {
  /** Files of this world; removed by `close`. */
  folder: string;
  databaseUrl: string;
  redisUrl: string;
  aws: SimulatedAws;
  azure: SimulatedAzure;
  gcp: SimulatedGcp;
  terraform: FakeProviders;
  /** What `cost-ingest` can read from `COST_FILES_DIR`. */
  costFile: CostFile;
  /** The whole environment of our processes here: nothing of the caller's but where programs and homes are. */
  environment: Record<string, string>;
  /** Starts `multicloud` with these arguments, here. */
  start(args: readonly string[], environment?: Record<string, string>): OwnProcess;
  /** Stops the processes, then everything else, and removes what it left. Safe to call twice. */
  close(): Promise<void>;
}

/** Servers' data and a Redis that had to be got lie below this folder of the checkout. */
const servicesFolder = join(import.meta.dirname, "../.local");

/** What a world's own folder is called, before the id of its process. */
const folderPrefix = "multicloud-world-";

/** Starts a world, and removes what worlds have left whose process was killed. What was started is stopped again when something else does not start. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const closes: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closes.splice(0).toReversed()) await one();
  };
  try {
    return { ...(await startParts(options, closes)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startParts(
  { services: given = {}, onNotice }: WorldOptions,
  closes: (() => Promise<void> | void)[],
): Promise<Omit<World, "close">> {
  await removeLeftovers(tmpdir(), folderPrefix);
  await removeLeftovers(servicesFolder, "postgres-");
  const folder = await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`));
  closes.push(async () => rm(folder, { recursive: true, force: true }));
  const services = await startServices({
    folder: servicesFolder,
    environment: given,
    temporary: true,
    fsync: false,
    ...(onNotice && { onNotice }),
  });
  closes.push(async () => services.close());
  const { redisUrl } = services;
  const database = await createDatabase(services.databaseUrl, { prefix: "world" });
  closes.push(async () => database.drop());
  const queuePrefix = `world-${randomBytes(6).toString("hex")}`;
  closes.push(async () => deleteQueueKeys(redisUrl, queuePrefix));
  const clouds = await startClouds(closes);
  const files = { costFile: await costFile(join(folder, "costs")), folder };
  const parts = { ...files, ...clouds, databaseUrl: database.url, redisUrl };
  const environment = await environmentOf(parts, queuePrefix);
  const processes: OwnProcess[] = [];
  closes.push(async () => {
    await Promise.all(processes.map(async (one) => one.stop()));
  });
  const start: World["start"] = (args, own = {}) => {
    const started = startProcess(args, { ...environment, ...own });
    processes.push(started);
    return started;
  };
  return { ...parts, environment, start };
}

type Clouds = Pick<World, "aws" | "azure" | "gcp" | "terraform">;

async function startClouds(closes: (() => Promise<void> | void)[]): Promise<Clouds> {
  const aws = await startAws();
  closes.push(async () => aws.close());
  const azure = await startAzure({ state: { apps: [], subscriptions: [] } });
  closes.push(async () => azure.close());
  const gcp = await startGcp();
  closes.push(async () => gcp.close());
  const terraform = await startFakeProviders();
  closes.push(() => terraform.close());
  return { aws, azure, gcp, terraform };
}

/** Names that our processes keep of the caller's environment: no cloud, proxy or setting of theirs reaches them. */
const inherited = ["PATH", "HOME", "TMPDIR", "LANG", "TERRAFORM_BINARY", "LOG_LEVEL"];

async function environmentOf(
  world: Clouds & Pick<World, "folder" | "databaseUrl" | "redisUrl" | "costFile">,
  queuePrefix: string,
): Promise<Record<string, string>> {
  const own = inherited.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  return {
    ...Object.fromEntries(own),
    DATABASE_URL: world.databaseUrl,
    REDIS_URL: world.redisUrl,
    QUEUE_PREFIX: queuePrefix,
    CREDENTIAL_KEYS: `world:${randomBytes(32).toString("base64")}`,
    AWS_ENDPOINT_URL: world.aws.url,
    AZURE_RESOURCE_MANAGER_ENDPOINT: world.azure.url,
    AZURE_AUTHORITY_HOST: world.azure.authorityUrl,
    NODE_EXTRA_CA_CERTS: await writeAuthorities(world.folder, world.azure.certificateAuthority),
    GCP_ENDPOINT: world.gcp.url,
    GCP_TOKEN_URL: world.gcp.tokenUrl,
    TF_REATTACH_PROVIDERS: world.terraform.reattach,
    TERRAFORM_WORK_DIR: join(world.folder, "terraform"),
    COST_FILES_DIR: world.costFile.directory,
    DRAIN_SECONDS: "2",
  };
}

/** The authorities that Node trusts besides its own: the simulated Azure's, and those of the machine's owner. */
async function writeAuthorities(folder: string, authority: string): Promise<string> {
  const before = process.env["NODE_EXTRA_CA_CERTS"];
  const others = before ? await readFile(before, "utf8").catch(() => "") : "";
  const path = join(folder, "authorities.pem");
  await writeFile(path, `${authority}\n${others}`, { mode: 0o600 });
  return path;
}
