import { stat } from "node:fs/promises";
import { FocusFileError } from "../providers/focus/errors.ts";
import { focusFacts } from "../providers/focus/facts.ts";
import { resolveCostFile } from "../providers/focus/path.ts";
import { readFocus } from "../providers/focus/read.ts";
import type { CostLine } from "../providers/provider.ts";
import type { CostSource } from "./cost-source.ts";
import { GiveUpError, RetryError } from "./errors.ts";

/**
 * A FOCUS file below the operator's folder. It is read twice: once for its digest and its own sums, then for its lines.
 * Throws GiveUpError COST_FILE_… for a path or content that cannot be loaded.
 */
export async function focusFile(
  folder: string | undefined,
  path: string,
  signal: AbortSignal,
): Promise<CostSource> {
  if (folder === undefined) {
    throw new GiveUpError("COST_FILES_DIR_UNSET", "this installation reads no cost files");
  }
  const file = await judged(async () => resolveCostFile(folder, path));
  const before = await stat(file);
  const facts = await judged(async () => focusFacts(file, signal));
  return {
    name: "focus-file",
    version: facts.version,
    totals: facts.totals,
    window: null,
    lines: (reading) => unchangedLines(file, before, reading),
    close: () => {},
  };
}

async function* unchangedLines(
  file: string,
  before: { mtimeMs: number; size: number },
  signal: AbortSignal,
): AsyncIterable<CostLine[]> {
  yield* readFocus(file, signal);
  const after = await stat(file);
  if (after.mtimeMs !== before.mtimeMs || after.size !== before.size) {
    throw new RetryError("COST_FILE_CHANGED", "the cost file was written while it was read");
  }
}

async function judged<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FocusFileError)) throw error;
    throw new GiveUpError(`COST_FILE_${error.code}`, error.message, "/credentialId");
  }
}
