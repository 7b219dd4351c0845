import { access, constants } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { TerraformMissingError, TerraformUnusableError } from "./errors.ts";
import { readVersion } from "./version.ts";

/** Looked for on PATH in this order. */
const names = ["terraform", "tofu"];

export interface Binary {
  /** Absolute path. */
  path: string;
  version: string;
}

export interface FindBinaryOptions {
  /** Path of the operator's choice (`TERRAFORM_BINARY`); PATH is not searched then. */
  configured?: string | undefined;
  /** Value of PATH. */
  searchPath: string | undefined;
}

/**
 * Finds the binary and asks for its version.
 * Throws TerraformMissingError when there is none, TerraformUnusableError when it does not answer or is too old.
 */
export async function findBinary(options: FindBinaryOptions): Promise<Binary> {
  const candidates = options.configured ? [options.configured] : candidatesOn(options.searchPath);
  for (const path of candidates) {
    if (isAbsolute(path) && (await isExecutable(path)))
      return { path, version: await usableVersion(path) };
  }
  throw new TerraformMissingError(options.configured ?? null);
}

/** What our modules ask for (`required_version`). */
const oldest = [1, 9] as const;

async function usableVersion(path: string): Promise<string> {
  const version = await readVersion(path).catch((error: unknown) => {
    throw new TerraformUnusableError(path, "it does not tell its version", { cause: error });
  });
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isTooOld = major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
  if (isTooOld) throw new TerraformUnusableError(path, `it is version ${version}`);
  return version;
}

function candidatesOn(searchPath = ""): string[] {
  const directories = searchPath.split(delimiter).filter((directory) => directory !== "");
  return names.flatMap((name) => directories.map((directory) => join(directory, name)));
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
