import { access, constants } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { TerraformMissingError } from "./errors.ts";
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
 * Throws TerraformMissingError when there is none, TerraformError when it does not work.
 */
export async function findBinary(options: FindBinaryOptions): Promise<Binary> {
  const candidates = options.configured ? [options.configured] : candidatesOn(options.searchPath);
  for (const path of candidates) {
    if (isAbsolute(path) && (await isExecutable(path)))
      return { path, version: await readVersion(path) };
  }
  throw new TerraformMissingError(options.configured ?? null);
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
