import { randomBytes, randomUUID } from "node:crypto";
import { pino } from "pino";
import type { DataSource } from "typeorm";
import { User } from "../../entities/user.ts";
import type { Endpoints } from "../../providers/endpoints.ts";
import { providerOpener } from "../../providers/open.ts";
import type { QueueName } from "../../queues/contract.ts";
import { createSecrets, type Secrets } from "../../runtime/secrets/secret.ts";
import { addCredential } from "../../tables/credentials.ts";
import type { Handler } from "../../workers/handler.ts";
import { type FinishedRun, runJob } from "../../workers/run-job.ts";
import type { Services } from "../../workers/services.ts";
import { testDatabase } from "./database.ts";
import { testServices } from "./worker-services.ts";

/** A value for CREDENTIAL_KEYS with one new key. */
export function newKey(id = "k1"): string {
  return `${id}:${randomBytes(32).toString("base64")}`;
}

/** A credential before it is sealed. */
export interface ClearCredential {
  provider: string;
  secrets: Record<string, string>;
  settings?: Record<string, unknown>;
  projectId?: string;
  userId?: number;
}

/** A database with users and sealed credentials, and handlers that run on it through the whole pipeline. */
export interface TestTenant {
  url: string;
  database: DataSource;
  secrets: Secrets;
  services: Services;
  userId: number;
  addUser(): Promise<number>;
  addCredential(credential: ClearCredential): Promise<number>;
  /** Runs one job as a worker would; the payload's user is this tenant's unless it names one. */
  run<Name extends QueueName>(
    name: Name,
    handler: Handler<Name>,
    payload: Record<string, unknown>,
    signal?: AbortSignal,
  ): Promise<FinishedRun>;
  close(): Promise<void>;
}

/** A tenant whose providers are reached at the given endpoints. */
export async function testTenant(
  endpoints: Endpoints = {},
  own: Partial<Services> = {},
): Promise<TestTenant> {
  const opened = await testDatabase();
  const { dataSource: database, url } = opened;
  const secrets = createSecrets(newKey());
  const openProvider = providerOpener(endpoints);
  const services = testServices(database, { secrets, openProvider, ...own });
  const addUser = async (): Promise<number> => {
    const user = { email: `${randomUUID()}@example.org`, hashedPassword: "x", fullName: null };
    return (await database.getRepository(User).save(user)).id;
  };
  const userId = await addUser();
  return {
    url,
    database,
    secrets,
    services,
    userId,
    addUser,
    addCredential: async (credential) => add(database, secrets, { userId, ...credential }),
    run: async (name, handler, payload, signal = new AbortController().signal) =>
      runJob(
        name,
        handler,
        { ...services, log: pino({ level: "silent" }) },
        {
          id: randomUUID(),
          queuedAt: new Date(),
          data: { userId, ...payload },
          stalls: 0,
          retries: 0,
          log: async () => {},
          updateProgress: async () => {},
        },
        signal,
      ),
    close: async () => opened.close(),
  };
}

async function add(
  database: DataSource,
  secrets: Secrets,
  credential: ClearCredential & { userId: number },
): Promise<number> {
  const { userId, provider, settings = {}, projectId = null } = credential;
  const row = { userId, provider, name: "test", projectId, region: null, settings };
  return addCredential(database, row, (id) =>
    Object.fromEntries(
      Object.entries(credential.secrets).map(([column, clear]) => [
        column,
        secrets.seal(clear, { table: "credentials", id, column }),
      ]),
    ),
  );
}
