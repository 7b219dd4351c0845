import type { DataSource } from "typeorm";
import type { OpenProvider } from "../providers/provider.ts";
import type { Secrets } from "../runtime/secrets/secret.ts";
import type { EnterCircuit } from "./circuit-breaker.ts";

/** How terraform runs on this machine; settings of the operator. */
export interface TerraformSettings {
  /** Path of terraform or tofu; searched on PATH when unset. */
  binary: string | undefined;
  /** Folder for the private directories of runs; must survive a restart of the worker. */
  workDirectory: string;
  /** Folder with unpacked providers that are used instead of the registry. */
  providerMirror: string | null;
  /** Value of TF_REATTACH_PROVIDERS: simulated providers. */
  reattachProviders: string | undefined;
}

/** What every handler may use; made once per process. Handlers take what they need of it. */
export interface Services {
  database: DataSource;
  openProvider: OpenProvider;
  /** To be called before a program that calls the provider is started. */
  enterCircuit: EnterCircuit;
  secrets: Secrets;
  terraform: TerraformSettings;
  /** Folder of the operator's cost files, `COST_FILES_DIR`. */
  costFilesDirectory: string | undefined;
  /** Refresh `last_synced` only of rows older than this many seconds, `SYNC_TOUCH_AFTER`. */
  syncTouchAfterSeconds: number;
}
