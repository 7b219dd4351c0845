import { join } from "node:path";
import { startPostgres } from "./postgres.ts";
import { startRedis } from "./redis.ts";

export interface ServicesOptions {
  /** Everything lies below this folder; `.local` of the checkout for the demo. */
  folder: string;
  /** `DATABASE_URL` and `REDIS_URL` from here win: what is given is not started. Default `process.env`. */
  environment?: Record<string, string | undefined>;
  /** Leave no data behind. Default false. */
  temporary?: boolean;
  /** PostgreSQL survives a crash of the machine. Default true. */
  fsync?: boolean;
  /** Redis keeps jobs over a restart. Default false. */
  appendOnly?: boolean;
  /** Told before something slow is tried: one sentence. */
  onNotice?: (text: string) => void;
}

export interface Services {
  databaseUrl: string;
  redisUrl: string;
  /** Stops what was started here. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * PostgreSQL 15 and Redis 7 for one machine. Both end with this process, however it ends. If one does not
 * start, the other is stopped again before the error (LocalServerError, RedisNotFoundError) is thrown.
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const environment = options.environment ?? process.env;
  // Data that goes is one run's own; data that stays is the next one's too.
  const cluster = options.temporary === true ? `postgres-${process.pid}` : "postgres";
  const started = await Promise.allSettled([
    given(environment["DATABASE_URL"]) ??
      startPostgres({ ...options, folder: join(options.folder, cluster) }),
    given(environment["REDIS_URL"]) ??
      startRedis({ ...options, folder: join(options.folder, "redis") }),
  ]);
  const [postgres, redis] = started;
  const close = async () => {
    const running = started.filter((result) => result.status === "fulfilled");
    await Promise.all(running.map((result) => result.value.close()));
  };
  if (postgres.status === "fulfilled" && redis.status === "fulfilled") {
    return { databaseUrl: postgres.value.url, redisUrl: redis.value.url, close };
  }
  await close();
  const failed = started.find((result) => result.status === "rejected");
  throw failed?.reason;
}

function given(url: string | undefined): { url: string; close(): Promise<void> } | null {
  if (url === undefined || url === "") return null;
  return { url, close: async () => {} };
}
