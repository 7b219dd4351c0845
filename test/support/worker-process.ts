import { existsSync } from "node:fs";
import { pino } from "pino";
import { openDatabase } from "../../runtime/database.ts";
import { startHealthServer } from "../../runtime/health-server.ts";
import { openMetrics } from "../../runtime/metrics.ts";
import { openReadiness } from "../../runtime/readiness.ts";
import { openRedis } from "../../runtime/redis.ts";
import { countJobs } from "../../workers/count-jobs.ts";
import type { Handler } from "../../workers/handler.ts";
import { startWorkers } from "../../workers/worker.ts";
import { noHandlers, testServices } from "./worker-services.ts";

/**
 * A worker process that tests kill, started by spawn-worker.ts. Jobs of `sync` write one row into `effects`; the first
 * of `kinds` in their payload says what else they do:
 *   abort  the process dies as by a crash of native code
 *   pause  its transaction stays open for a moment
 *   wait   its transaction stays open for longer, so that the pace is not that of the processor
 *   block  the event loop stands still until the file UNBLOCK exists, if that is set
 */
const setting = (name: string): string => process.env[name] ?? "";

const sync: Handler<"sync"> = async (job, payload) => {
  const [wish] = payload.kinds ?? [];
  if (wish === "abort") process.abort();
  if (wish === "block" && setting("UNBLOCK") !== "") {
    process.stdout.write("blocked\n");
    const still = new Int32Array(new SharedArrayBuffer(4));
    while (!existsSync(setting("UNBLOCK"))) Atomics.wait(still, 0, 0, 20);
  }
  return job.finish(async (manager) => {
    await manager.query("INSERT INTO effects (run, worker) VALUES ($1, $2)", [
      payload.credentialId,
      process.pid,
    ]);
    if (wish === "pause") await manager.query("SELECT pg_sleep(0.05)");
    if (wish === "wait") await manager.query("SELECT pg_sleep(0.2)");
    return { worker: process.pid };
  });
};

const log = pino({ level: "warn" });
const onError = (error: unknown): void => log.warn({ err: error }, "connection");
const database = await openDatabase(setting("DATABASE_URL"), {
  applicationName: "test-worker",
  onPoolError: onError,
});
const registry = openMetrics("worker");
const workers = startWorkers(
  { ...noHandlers, sync },
  { ...testServices(database), log, counts: countJobs(registry, ["sync"]) },
  {
    connection: openRedis(setting("REDIS_URL"), onError),
    prefix: setting("QUEUE_PREFIX"),
    queues: ["sync"],
    concurrency: {},
    drainMs: 0,
    ...(setting("LOCK_MS") === ""
      ? {}
      : {
          locks: {
            lockDuration: Number(setting("LOCK_MS")),
            stalledInterval: Number(setting("LOCK_MS")) / 2,
          },
        }),
  },
);
await workers.ready();
const address = { host: "127.0.0.1", port: 0 };
const health = await startHealthServer(address, { readiness: openReadiness({}), registry });
process.stdout.write(`ready ${health.url}\n`);
