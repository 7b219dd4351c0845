import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { DataSource } from "typeorm";
import { Credential } from "../entities/credential.ts";
import { ResourceInventory } from "../entities/resource-inventory.ts";
import { User } from "../entities/user.ts";
import { startPostgres } from "../local/postgres.ts";
import type { DiscoveredResource, Page, Provider } from "../providers/provider.ts";
import { migrate, openDatabase } from "../runtime/database.ts";
import { toInventoryRow } from "../workers/inventory-row.ts";
import { runJob } from "../workers/run-job.ts";
import { syncCredential } from "../workers/sync.ts";

/**
 * Compares a whole sync, ledger and freshness included, with `repository.upsert` of the same rows, in turns on one
 * server: the ratio is what counts, the machine cancels out. `npx tsx bench/sync.ts [rows] [rounds]`.
 */
const resourceCount = Number(process.argv[2] ?? 20_000);
const rounds = Number(process.argv[3] ?? 5);
const pageSize = 1_000;
const scope = { accountId: "123456789012", region: "eu-west-1", kind: "ec2:instance" };

function discovered(number: number, version: number): DiscoveredResource {
  const tags = Object.fromEntries(
    Array.from({ length: 12 }, (_, index) => [`tag-${index}`, `value ${number} of tag ${index}`]),
  );
  const id = `i-${String(number).padStart(17, "0")}`;
  return {
    resourceId: `arn:aws:ec2:eu-west-1:123456789012:instance/${id}`,
    name: `vm-${number}`,
    type: "vm",
    region: "eu-west-1",
    status: "running",
    metadata: { kind: scope.kind, native_status: "running", native_id: id, version, tags },
  };
}

function account(changed: number): DiscoveredResource[] {
  const every = changed === 0 ? Number.POSITIVE_INFINITY : Math.floor(resourceCount / changed);
  return Array.from({ length: resourceCount }, (_, number) =>
    discovered(number, number % every === 0 && changed > 0 ? 1 : 0),
  );
}

function providerOf(resources: DiscoveredResource[]): Provider {
  return {
    name: "aws",
    discover: async () => ({
      identity: { accountId: scope.accountId, displayName: null },
      scopes: [scope],
      assumed: false,
    }),
    async *list(): AsyncGenerator<Page> {
      for (let start = 0; start < resources.length; start += pageSize) {
        yield { resources: resources.slice(start, start + pageSize), cursor: null };
      }
    },
    checkHealth: async () => Promise.reject(new Error("not measured")),
    close: () => {},
  };
}

let jobs = 0;

async function sync(
  database: DataSource,
  owner: { userId: number; credentialId: number },
  resources: DiscoveredResource[],
  syncTouchAfterSeconds: number,
): Promise<void> {
  jobs += 1;
  const services = {
    database,
    openProvider: async () => providerOf(resources),
    enterCircuit: async () => Promise.reject(new Error("a sync runs no program")),
    secrets: {
      open: (text: string) => text,
      seal: (text: string) => text,
      isCurrent: () => true,
    },
    terraform: {
      binary: undefined,
      workDirectory: "",
      providerMirror: null,
      reattachProviders: undefined,
    },
    costFilesDirectory: undefined,
    syncTouchAfterSeconds,
    log: pino({ level: "silent" }),
  };
  const job = {
    id: `bench-${jobs}`,
    queuedAt: new Date(),
    data: owner,
    stalls: 0,
    retries: 0,
    log: async () => {},
    updateProgress: async () => {},
  };
  const never = new AbortController().signal;
  const { outcome } = await runJob("sync", syncCredential, services, job, never);
  if (outcome.kind !== "done") throw new Error(`the sync ended as ${JSON.stringify(outcome)}`);
}

async function upsert(
  database: DataSource,
  owner: { userId: number; credentialId: number },
  resources: DiscoveredResource[],
): Promise<void> {
  // The partial type of upsert does not take JSON columns of unknown content.
  const repository: { upsert(rows: object[], keys: string[]): Promise<unknown> } =
    database.getRepository(ResourceInventory);
  const origin = { ...owner, provider: "aws", accountId: scope.accountId, scopeId: 0 };
  for (let start = 0; start < resources.length; start += 500) {
    const rows = resources.slice(start, start + 500).map((resource) => {
      const row = toInventoryRow(resource, { ...origin, syncedAt: new Date() });
      return { ...row, scopeId: null };
    });
    await repository.upsert(rows, ["userId", "provider", "accountId", "resourceId"]);
  }
}

async function addOwner(
  database: DataSource,
  email: string,
): Promise<{ userId: number; credentialId: number }> {
  const user = await database.manager.save(User, { email, hashedPassword: "x" });
  const keys = { accessKey: "a", secretKey: "b", settings: {} };
  const credential = await database.manager.save(Credential, {
    userId: user.id,
    provider: "aws",
    ...keys,
  });
  return { userId: user.id, credentialId: credential.id };
}

async function measure(database: DataSource): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>();
  const time = async (name: string, work: () => Promise<void>): Promise<void> => {
    const startedAt = performance.now();
    await work();
    times.set(name, [...(times.get(name) ?? []), performance.now() - startedAt]);
  };
  const same = account(0);
  const changed = account(resourceCount / 100);
  for (let round = 0; round < rounds; round += 1) {
    const ours = await addOwner(database, `ours-${round}@example.org`);
    const plain = await addOwner(database, `plain-${round}@example.org`);
    await time("upsert, first", async () => upsert(database, plain, same));
    await time("sync, first", async () => sync(database, ours, same, 0));
    await time("upsert, unchanged", async () => upsert(database, plain, same));
    await time("sync, unchanged", async () => sync(database, ours, same, 0));
    await time("sync, unchanged, SYNC_TOUCH_AFTER", async () => sync(database, ours, same, 3_600));
    await time("sync, 1 % changed, SYNC_TOUCH_AFTER", async () =>
      sync(database, ours, changed, 3_600),
    );
    await database.query("TRUNCATE resource_inventory");
  }
  return times;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const folder = await mkdtemp(join(tmpdir(), "multicloud-bench-"));
const server = await startPostgres({
  folder: join(folder, "postgres"),
  temporary: true,
  fsync: true,
});
try {
  const database = await openDatabase(server.url);
  await migrate(database);
  const times = await measure(database);
  await database.destroy();
  for (const [name, values] of times) {
    const base = median(
      times.get(name.includes("first") ? "upsert, first" : "upsert, unchanged") ?? [],
    );
    const perSecond = Math.round((resourceCount / median(values)) * 1_000);
    const ratio = (base / median(values)).toFixed(1);
    process.stdout.write(
      `${name.padEnd(38)} ${String(perSecond).padStart(8)} rows/s  x ${ratio}\n`,
    );
  }
} finally {
  await server.close();
  await rm(folder, { recursive: true, force: true });
}
