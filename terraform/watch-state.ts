import { watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { isMissing } from "./missing-file.ts";
import { isSameState, parseState, type StateSnapshot } from "./state.ts";

export interface StateWatch {
  /**
   * Looks a last time, delivers what was not delivered yet and ends.
   * Throws what `onState` threw for the last state; a failure that a later delivery made good is forgotten.
   */
  stop(): Promise<void>;
}

/**
 * Calls `onState` with each new complete version of a state file while terraform rewrites it. One call at a
 * time: while one is busy, newer versions replace each other and the newest is delivered next.
 * Terraform truncates and rewrites in place, so torn reads are normal: the write that completes the file
 * wakes us again.
 * @param known the version that was there before, which is not delivered.
 */
export function watchState(
  path: string,
  known: Pick<StateSnapshot, "serial" | "lineage"> | null,
  onState: (state: StateSnapshot) => Promise<void>,
): StateWatch {
  let delivered = known;
  let failure: { error: unknown } | null = null;
  let busy: Promise<void> | null = null;
  let again = false;

  const look = async (): Promise<void> => {
    do {
      again = false;
      const state = await readState(path);
      if (!state || isSameState(state, delivered)) continue;
      try {
        await onState(state);
        delivered = state;
        failure = null;
      } catch (error) {
        failure = { error };
      }
    } while (again);
  };
  const wake = (): void => {
    again = true;
    busy ??= look()
      .catch((error: unknown) => {
        failure = { error };
      })
      .finally(() => {
        busy = null;
      });
  };

  const watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
    if (name === basename(path)) wake();
  });
  // An adopted run may be further than what was stored.
  wake();
  return {
    async stop() {
      watcher.close();
      await busy;
      await look();
      if (failure) throw failure.error;
    },
  };
}

/** The state in a file; null when there is none, or it is torn or empty at this moment. */
export async function readState(path: string): Promise<StateSnapshot | null> {
  try {
    return parseState(await readFile(path));
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
