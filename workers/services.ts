import type { DataSource } from "typeorm";
import type { OpenProvider } from "../providers/provider.ts";

/** The place of a sealed text; bound into the seal, so that a text moved elsewhere does not open. */
export interface SecretPlace {
  table: string;
  id: number;
  column: string;
}

/** Opens sealed texts. Throws an error that says whose fault it is and holds nothing of the secret. */
export interface SecretReader {
  open(sealed: string, place: SecretPlace): string;
}

/** Seals texts with the key ring of this process (`runtime/secrets`). */
export interface SecretWriter {
  seal(text: string, place: SecretPlace): string;
}

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
  secrets: SecretReader & SecretWriter;
  terraform: TerraformSettings;
  /** Folder of the operator's cost files, `COST_FILES_DIR`. */
  costFilesDirectory: string | undefined;
  /** Refresh `last_synced` only of rows older than this many seconds, `SYNC_TOUCH_AFTER`. */
  syncTouchAfterSeconds: number;
}
