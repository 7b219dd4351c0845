import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DataSource } from "typeorm";
import { providerOpener } from "../providers/open.ts";
import { operatorEndpoints } from "../providers/operator-endpoints.ts";
import type { Config } from "../runtime/config.ts";
import { createSecrets } from "../runtime/secrets/secret.ts";
import type { CircuitBreaker } from "./circuit-breaker.ts";
import { circuitEntrance } from "./enter-circuit.ts";
import { guardProviders } from "./guard-provider.ts";
import type { Services } from "./services.ts";

/** The services of a worker process, as its configuration says. Throws for keys or endpoints that cannot be used. */
export function openServices(
  config: Config,
  database: DataSource,
  breaker: CircuitBreaker,
): Services {
  const openProvider = providerOpener(operatorEndpoints(process.env));
  return {
    database,
    openProvider: guardProviders(openProvider, breaker),
    enterCircuit: circuitEntrance(openProvider, breaker),
    secrets: createSecrets(config.CREDENTIAL_KEYS, config.FERNET_KEYS),
    terraform: {
      binary: config.TERRAFORM_BINARY,
      workDirectory: config.TERRAFORM_WORK_DIR ?? join(tmpdir(), "multicloud-terraform"),
      providerMirror: config.TERRAFORM_PROVIDER_MIRROR ?? null,
      reattachProviders: config.TF_REATTACH_PROVIDERS,
    },
    costFilesDirectory: config.COST_FILES_DIR,
    syncTouchAfterSeconds: config.SYNC_TOUCH_AFTER,
  };
}

/** How many jobs of each queue the configuration lets a worker process run at once. */
export function concurrencyOf(config: Config) {
  return {
    sync: config.CONCURRENCY_SYNC,
    "cost-ingest": config.CONCURRENCY_COST_INGEST,
    "health-check": config.CONCURRENCY_HEALTH_CHECK,
    "terraform-apply": config.CONCURRENCY_TERRAFORM_APPLY,
  };
}
