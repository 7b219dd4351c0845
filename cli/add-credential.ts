import type { DataSource } from "typeorm";
import type { ProviderName } from "../providers/provider.ts";
import { credentialSettings } from "../providers/settings.ts";
import type { Secrets } from "../runtime/secrets/secret.ts";
import { addCredential } from "../tables/credentials.ts";
import { findUser } from "../tables/users.ts";
import type { CredentialFile } from "./credential-file.ts";
import { UsageError } from "./output.ts";

/** A credential that somebody wants to add. */
export interface WantedCredential {
  /** `users.id`. */
  user: number;
  provider: ProviderName;
  name: string;
  settings: Record<string, unknown>;
  content: CredentialFile;
}

/** Seals the secrets of a credential and adds it. Returns its id; throws UsageError for settings or a user that are not good. */
export async function addSealedCredential(
  database: DataSource,
  keys: Secrets,
  { user, provider, name, settings, content }: WantedCredential,
): Promise<number> {
  const checked = credentialSettings.safeParse(settings);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new UsageError(`--settings: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  if (!(await findUser(database, user))) throw new UsageError(`--user: there is no user ${user}`);
  const { secrets, projectId, region } = content;
  const row = { userId: user, provider, name, projectId, region, settings };
  return addCredential(database, row, (credentialId) =>
    Object.fromEntries(
      Object.entries(secrets).map(([column, clear]) => {
        const place = { table: "credentials", id: credentialId, column };
        return [column, keys.seal(clear, place)];
      }),
    ),
  );
}
