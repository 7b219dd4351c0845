import { startApi } from "../../api/main.ts";
import type { Queues } from "../../queues/open-queues.ts";
import { readConfig } from "../../runtime/config.ts";
import { OpenParts } from "../../runtime/shutdown.ts";
import { type TestDatabase, testDatabase } from "./database.ts";
import { type TestLog, testLog } from "./log.ts";
import { testQueues } from "./queues.ts";
import type { TestRedis } from "./redis.ts";

export const viewer = "viewer:correct horse battery";
export const operator = "operator:staple: with colons";

/** The api with both logins, its log, and the queues, Redis and database behind it. */
export interface TestApi extends TestLog {
  url: string;
  queues: Queues;
  redis: TestRedis;
  database: TestDatabase;
  /** A request signed in with `name:password`, or not. */
  request(path: string, login?: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

/** Starts an api on a port of its own. `changes` are environment variables; an empty one is unset. */
export async function testApi(changes: Record<string, string> = {}): Promise<TestApi> {
  const database = await testDatabase();
  const { redis, queues, close: closeQueues } = testQueues();
  const log = testLog();
  const environment = {
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    QUEUE_PREFIX: redis.prefix,
    API_PORT: "0",
    API_VIEWER_LOGIN: viewer,
    API_OPERATOR_LOGIN: operator,
    ...changes,
  };
  const config = readConfig(environment, ["DATABASE_URL", "REDIS_URL"]);
  const open = new OpenParts();
  const close = async () => {
    await open.close(() => {});
    await closeQueues();
    await database.close();
  };
  const url = await startApi(config, log.log, open).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  const request = async (path: string, login?: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    if (login) headers.set("authorization", `Basic ${Buffer.from(login).toString("base64")}`);
    return fetch(new URL(path, url), { redirect: "manual", ...init, headers });
  };
  return { ...log, url, queues, redis, database, request, close };
}
