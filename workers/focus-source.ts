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
 * Both throw GiveUpError COST_FILE_… for a path or content that cannot be loaded, and RetryError COST_FILE_CHANGED for a
 * file that was written meanwhile, whatever else was wrong with it, or COST_FILES_UNAVAILABLE when it cannot be read.
 */
export async function focusFile(
  folder: string | undefined,
  path: string,
  signal: AbortSignal,
): Promise<CostSource> {
  if (folder === undefined) {
    throw new GiveUpError("COST_FILES_DIR_UNSET", "this installation reads no cost files");
  }
  try {
    const file = await resolveCostFile(folder, path);
    const before = await stateOf(file);
    return await readFacts(file, before, signal);
  } catch (error) {
    throw judge(error);
  }
}

async function readFacts(file: string, before: string, signal: AbortSignal): Promise<CostSource> {
  try {
    const facts = await focusFacts(file, signal);
    return {
      name: "focus-file",
      version: facts.version,
      totals: facts.totals,
      window: null,
      lines: (reading) => unchangedLines(file, before, reading),
      close: () => {},
    };
  } catch (error) {
    signal.throwIfAborted();
    await assertUnchanged(file, before);
    throw error;
  }
}

async function* unchangedLines(
  file: string,
  before: string,
  signal: AbortSignal,
): AsyncIterable<CostLine[]> {
  try {
    yield* readFocus(file, signal);
  } catch (error) {
    signal.throwIfAborted();
    await assertUnchanged(file, before);
    throw judge(error);
  }
  await assertUnchanged(file, before);
}

async function assertUnchanged(file: string, before: string): Promise<void> {
  const after = await stateOf(file).catch(() => null);
  if (after === before) return;
  throw new RetryError("COST_FILE_CHANGED", "the cost file was written while it was read");
}

/** Differs after any change, also when another file was moved into the place with its size and time kept. */
async function stateOf(file: string): Promise<string> {
  const { ino, size, mtimeMs, ctimeMs } = await stat(file);
  return [ino, size, mtimeMs, ctimeMs].join(" ");
}

function judge(error: unknown): unknown {
  if (error instanceof FocusFileError) {
    return new GiveUpError(`COST_FILE_${error.code}`, error.message, "/credentialId");
  }
  if (!isSystemError(error)) return error;
  // Its own message names folders of this machine.
  const message = `the cost files of this installation cannot be read (${error.code})`;
  return new RetryError("COST_FILES_UNAVAILABLE", message, { cause: error });
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
