import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { type SecretColumn, secretColumns } from "../entities/credential.ts";
import type { ProviderName } from "../providers/provider.ts";
import { neededColumns } from "../workers/authorise.ts";
import { nameProblem } from "./options.ts";
import { UsageError } from "./output.ts";

/** What a credential file holds, by the column names of `credentials`. */
export interface CredentialFile {
  secrets: Partial<Record<SecretColumn, string>>;
  projectId: string | null;
  region: string | null;
}

/** Columns that are no secrets, with their lengths. */
const plainColumns = { project_id: 255, region: 100 };

/** Bytes of a file; the largest credentials, key files of Google, have 2,400. Sealed ones are read at every job. */
const largestFile = 64 * 1024;

/** Reads the JSON of a credential from a file, or from standard input for `-`. Throws UsageError naming the field. */
export async function readCredentialFile(
  path: string,
  provider: ProviderName,
): Promise<CredentialFile> {
  return checkFields(
    parse(path === "-" ? await readStart(process.stdin) : await readText(path)),
    provider,
  );
}

/** Checks the fields of a credential file. Throws UsageError naming the field. */
export function checkFields(
  fields: Record<string, unknown>,
  provider: ProviderName,
): CredentialFile {
  for (const name of Object.keys(fields)) {
    const isKnown = [...secretColumns, ...Object.keys(plainColumns)].includes(name);
    if (!isKnown) throw new UsageError(`--file: ${name} is no column of credentials`);
  }
  const text = (name: string): string | null => {
    const value = fields[name];
    if (value === undefined || value === null) return null;
    if (typeof value === "string") return value.trim() === "" ? null : value;
    // Google's key files are JSON themselves, and are often pasted as such.
    if (name === "service_account_json") return JSON.stringify(value);
    throw new UsageError(`--file: ${name}: expected a string`);
  };
  const missing = neededColumns[provider].filter((column) => text(column) === null);
  if (missing.length > 0) {
    throw new UsageError(`--file: ${provider} needs ${missing.join(", ")}`);
  }
  const secrets = Object.fromEntries(
    secretColumns.flatMap((column) => {
      const value = text(column);
      return value === null ? [] : [[column, value]];
    }),
  );
  for (const [column, longest] of Object.entries(plainColumns)) {
    const value = text(column);
    const problem = value === null ? null : nameProblem(value, longest);
    if (problem) throw new UsageError(`--file: ${column}: ${problem}`);
  }
  return { secrets, projectId: text("project_id"), region: text("region") };
}

function parse(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError("--file: expected JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError("--file: expected a JSON object");
  }
  return { ...value };
}

async function readText(path: string): Promise<string> {
  try {
    return await readStart(createReadStream(path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`--file: ${path} cannot be read`);
  }
}

async function readStart(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > largestFile) throw new UsageError(`--file: more than ${largestFile} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}
