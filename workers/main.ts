import { tmpdir } from "node:os";
import { join } from "node:path";
import { providerOpener } from "../providers/open.ts";
import { operatorEndpoints } from "../providers/operator-endpoints.ts";
import type { QueueName } from "../queues/contract.ts";
import type { Config } from "../runtime/config.ts";
import { openDatabase } from "../runtime/database.ts";
import type { Logger } from "../runtime/log.ts";
import { openRedis } from "../runtime/redis.ts";
import { createSecrets } from "../runtime/secrets/secret.ts";
import type { Close } from "../runtime/shutdown.ts";
import { handlers } from "./handlers.ts";
import type { Services } from "./services.ts";
import { startWorkers } from "./worker.ts";

/** Starts a worker process for the given queues. Returns what to close at its end, in the order it was opened. */
export async function runWorker(
  config: Config,
  queues: readonly QueueName[],
  log: Logger,
): Promise<Close[]> {
  const secrets = createSecrets(config.CREDENTIAL_KEYS, config.FERNET_KEYS);
  const openProvider = providerOpener(operatorEndpoints(process.env));
  const database = await openDatabase(config.DATABASE_URL, {
    poolSize: config.DATABASE_POOL_SIZE,
    applicationName: "multicloud-worker",
    onPoolError: (error) => log.warn({ err: error }, "database connection lost"),
  });
  const redis = openRedis(config.REDIS_URL, (error) =>
    log.warn({ err: error }, "redis connection lost"),
  );
  const services: Services = {
    database,
    openProvider,
    secrets,
    terraform: {
      binary: config.TERRAFORM_BINARY,
      workDirectory: config.TERRAFORM_WORK_DIR ?? join(tmpdir(), "multicloud-terraform"),
      providerMirror: config.TERRAFORM_PROVIDER_MIRROR ?? null,
      reattachProviders: config.TERRAFORM_REATTACH_PROVIDERS,
    },
    costFilesDirectory: config.COST_FILES_DIR,
    syncTouchAfterSeconds: config.SYNC_TOUCH_AFTER,
  };
  const workers = startWorkers(
    handlers,
    { ...services, log },
    {
      connection: redis,
      prefix: config.QUEUE_PREFIX,
      queues,
      concurrency: {
        sync: config.CONCURRENCY_SYNC,
        "cost-ingest": config.CONCURRENCY_COST_INGEST,
        "health-check": config.CONCURRENCY_HEALTH_CHECK,
        "terraform-apply": config.CONCURRENCY_TERRAFORM_APPLY,
      },
      drainMs: config.DRAIN_SECONDS * 1_000,
    },
  );
  await workers.ready();
  log.info({ queues }, "worker takes jobs");
  return [async () => database.destroy(), () => redis.disconnect(), async () => workers.close()];
}
