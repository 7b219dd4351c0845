import type { Credential, SecretColumn } from "../entities/credential.ts";
import type { CloudCredential } from "../providers/credential.ts";
import { type ProviderName, providerNames } from "../providers/provider.ts";
import { type CredentialSettings, credentialSettings } from "../providers/settings.ts";
import type { Secrets } from "../runtime/secrets/secret.ts";
import { findCredential } from "../tables/credentials.ts";
import { GiveUpError } from "./errors.ts";
import type { Services } from "./services.ts";

/** A credential that belongs to the job's user and can be used. */
export interface AuthorisedCredential {
  id: number;
  userId: number;
  provider: ProviderName;
  settings: CredentialSettings;
  /** Where its resources go unless they say otherwise; null: nobody said. */
  region: string | null;
  /** In the clear: never log, store or return it. */
  cloud: CloudCredential;
}

/**
 * Loads the credential a job names, if it is the user's own. Throws GiveUpError: CREDENTIAL_NOT_FOUND (also for another
 * user's), CREDENTIAL_INACTIVE, UNKNOWN_PROVIDER, CREDENTIAL_UNDECRYPTABLE, CREDENTIAL_INCOMPLETE, INVALID_SETTINGS.
 */
export async function authoriseCredential(
  services: Pick<Services, "database" | "secrets">,
  payload: { userId: number; credentialId: number },
): Promise<AuthorisedCredential> {
  const row = await findCredential(services.database, payload.userId, payload.credentialId);
  if (!row) {
    const problem = `user ${payload.userId} has no credential ${payload.credentialId}`;
    throw new GiveUpError("CREDENTIAL_NOT_FOUND", problem, "/credentialId");
  }
  return openCredential(services.secrets, row);
}

/**
 * Checks and decrypts a credential row. Throws the same GiveUpErrors as authoriseCredential; `path` is the field of the
 * payload that leads to the credential.
 */
export function openCredential(
  secrets: Secrets,
  row: Credential,
  path = "/credentialId",
): AuthorisedCredential {
  if (row.isActive === false) {
    throw new GiveUpError("CREDENTIAL_INACTIVE", `credential ${row.id} is switched off`, path);
  }
  const provider = providerNames.find((name) => name === row.provider);
  if (!provider) {
    const problem = `provider of credential ${row.id} is none of ${providerNames.join(", ")}`;
    throw new GiveUpError("UNKNOWN_PROVIDER", problem, path);
  }
  const settings = credentialSettings.safeParse(row.settings);
  if (!settings.success) {
    const field = settings.error.issues[0]?.path.join(".") ?? "";
    const problem = `settings.${field} of credential ${row.id}: ${settings.error.issues[0]?.message}`;
    throw new GiveUpError("INVALID_SETTINGS", problem, path);
  }
  const cloud = decrypt({ secrets, row, path }, provider, settings.data);
  const { id, userId, region } = row;
  return { id, userId, provider, settings: settings.data, region, cloud };
}

const property = {
  access_key: "accessKey",
  secret_key: "secretKey",
  tenant_id: "tenantId",
  client_id: "clientId",
  client_secret: "clientSecret",
  subscription_id: "subscriptionId",
  service_account_json: "serviceAccountJson",
} as const satisfies Record<SecretColumn, keyof Credential>;

/** A credential row to be decrypted, and the field of the payload that led to it. */
interface SealedCredential {
  secrets: Secrets;
  row: Credential;
  path: string;
}

function decrypt(
  sealed: SealedCredential,
  provider: ProviderName,
  settings: CredentialSettings,
): CloudCredential {
  const { row } = sealed;
  const secret = (column: SecretColumn): string => openColumn(sealed, column);
  if (provider === "aws") {
    const keys = { accessKey: secret("access_key"), secretKey: secret("secret_key") };
    return { provider, ...keys, region: row.region, settings };
  }
  if (provider === "gcp") {
    const serviceAccountJson = secret("service_account_json");
    return { provider, serviceAccountJson, projectId: row.projectId, settings };
  }
  return {
    provider,
    tenantId: secret("tenant_id"),
    clientId: secret("client_id"),
    clientSecret: secret("client_secret"),
    subscriptionId: secret("subscription_id"),
    settings,
  };
}

function openColumn({ secrets, row, path }: SealedCredential, column: SecretColumn): string {
  const sealed = row[property[column]];
  if (!sealed) {
    const problem = `${column} of credential ${row.id} is empty`;
    throw new GiveUpError("CREDENTIAL_INCOMPLETE", problem, path);
  }
  try {
    return secrets.open(sealed, { table: "credentials", id: row.id, column });
  } catch (error) {
    const reason = error instanceof Error ? error.message : "not readable";
    const problem = `${column} of credential ${row.id} cannot be decrypted: ${reason}`;
    throw new GiveUpError("CREDENTIAL_UNDECRYPTABLE", problem, path);
  }
}

/** Columns that hold what a provider needs; the rest of the secret columns stays empty. */
export const neededColumns: Record<ProviderName, readonly SecretColumn[]> = {
  aws: ["access_key", "secret_key"],
  azure: ["tenant_id", "client_id", "client_secret", "subscription_id"],
  gcp: ["service_account_json"],
};
