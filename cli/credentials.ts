import { type Command, Option } from "commander";
import type { DataSource } from "typeorm";
import { Credential } from "../entities/credential.ts";
import { ProviderError } from "../providers/errors.ts";
import { providerOpener } from "../providers/open.ts";
import { operatorEndpoints } from "../providers/operator-endpoints.ts";
import { type ProviderName, providerNames } from "../providers/provider.ts";
import { readConfig } from "../runtime/config.ts";
import { createSecrets, type Secrets } from "../runtime/secrets/secret.ts";
import { openCredential } from "../workers/authorise.ts";
import { GiveUpError } from "../workers/errors.ts";
import { checkTimeoutMs } from "../workers/health-check.ts";
import { rotateSecrets } from "../workers/rotate-secrets.ts";
import { addSealedCredential } from "./add-credential.ts";
import { readCredentialFile } from "./credential-file.ts";
import { withDatabase } from "./database.ts";
import { type CommonOptions, command, group, id, jsonObject, shortText } from "./options.ts";
import { NegativeResult, print, UsageError } from "./output.ts";

const needs = ["DATABASE_URL", "CREDENTIAL_KEYS"] as const;

/** `multicloud credentials`: how users' clouds are reached. */
export function credentialsCommand(): Command {
  const credentials = group("credentials", "Credentials of users' cloud accounts");
  credentials.addCommand(
    command("add", "Seal and add a credential; prints its id")
      .requiredOption("--user <id>", "the user it belongs to", id)
      .addOption(
        new Option("--provider <name>", "the cloud").choices(providerNames).makeOptionMandatory(),
      )
      .requiredOption("--name <name>", "a name for people", shortText)
      .option("--settings <json>", "what to read and how (docs/schema.md)", jsonObject, {})
      .requiredOption(
        "--file <path>",
        "JSON with the column names of the secrets; - reads standard input",
      )
      .action(add),
  );
  credentials.addCommand(
    command("verify", "Open every credential with the present keys and ask its provider")
      .option("--credential <id>", "only this one", id)
      .option("--offline", "do not ask the providers")
      .action(verify),
  );
  credentials.addCommand(
    command("rotate", "Seal every secret with the first key; may be stopped and run again").action(
      rotate,
    ),
  );
  return credentials;
}

interface AddOptions extends CommonOptions {
  user: number;
  provider: ProviderName;
  name: string;
  settings: Record<string, unknown>;
  file: string;
}

async function add({ output, file, ...wanted }: AddOptions): Promise<void> {
  const config = readConfig(process.env, needs);
  const content = await readCredentialFile(file, wanted.provider);
  const keys = createSecrets(config.CREDENTIAL_KEYS, config.FERNET_KEYS);
  const added = await withDatabase(config.DATABASE_URL, async (database) =>
    addSealedCredential(database, keys, { ...wanted, content }),
  );
  print(output, { id: added }, `Added credential ${added}.`);
}

interface Verified {
  id: number;
  ok: boolean;
  code: string | null;
  message: string;
}

async function verify(
  options: CommonOptions & { credential?: number; offline?: boolean },
): Promise<void> {
  const config = readConfig(process.env, needs);
  const keys = createSecrets(config.CREDENTIAL_KEYS, config.FERNET_KEYS);
  const results = await withDatabase(config.DATABASE_URL, async (database) => {
    const rows = await find(database, options.credential);
    const verified: Verified[] = [];
    for (const row of rows) verified.push(await verifyOne(keys, row, options.offline ?? false));
    return verified;
  });
  const text = results.map((one) => `${one.id}: ${one.ok ? "ok" : one.code} ${one.message}`);
  print(options.output, { credentials: results }, text.join("\n"));
  if (results.some((one) => !one.ok)) throw new NegativeResult("a credential does not work");
}

async function find(database: DataSource, wanted: number | undefined): Promise<Credential[]> {
  const where = wanted === undefined ? {} : { id: wanted };
  const rows = await database.getRepository(Credential).find({ where, order: { id: "ASC" } });
  if (wanted !== undefined && rows.length === 0) {
    throw new UsageError(`--credential: there is no credential ${wanted}`);
  }
  return rows;
}

async function verifyOne(keys: Secrets, row: Credential, isOffline: boolean): Promise<Verified> {
  try {
    const { cloud } = openCredential(keys, row);
    if (isOffline) return { id: row.id, ok: true, code: null, message: "opens" };
    const provider = await providerOpener(operatorEndpoints(process.env))(cloud);
    try {
      const { identity } = await provider.checkHealth(AbortSignal.timeout(checkTimeoutMs));
      return { id: row.id, ok: true, code: null, message: `is account ${identity.accountId}` };
    } finally {
      provider.close();
    }
  } catch (error) {
    const isKnown = error instanceof GiveUpError || error instanceof ProviderError;
    const isSlow = error instanceof Error && error.name === "TimeoutError";
    if (!isKnown && !isSlow) throw error;
    const code = isKnown ? error.code : "PROVIDER_UNAVAILABLE";
    return { id: row.id, ok: false, code, message: error.message };
  }
}

async function rotate({ output }: CommonOptions): Promise<void> {
  const config = readConfig(process.env, needs);
  const keys = createSecrets(config.CREDENTIAL_KEYS, config.FERNET_KEYS);
  const rotation = await withDatabase(config.DATABASE_URL, async (database) =>
    rotateSecrets(database, keys),
  );
  const { credentials, states, failed } = rotation;
  const lines = failed.map((one) => `${one.table} ${one.id} ${one.column}: ${one.reason}`);
  const summary = `Sealed ${credentials} credentials and ${states} states with the first key.`;
  print(output, rotation, [summary, ...lines].join("\n"));
  if (failed.length > 0) throw new NegativeResult("some secrets could not be opened");
}
