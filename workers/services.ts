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

/** What every handler may use; made once per process. Handlers take what they need of it. */
export interface Services {
  database: DataSource;
  openProvider: OpenProvider;
  secrets: SecretReader & SecretWriter;
}
