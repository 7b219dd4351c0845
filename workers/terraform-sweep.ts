import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../runtime/log.ts";
import { findEndedTerraformRuns } from "../tables/terraform-runs.ts";
import { hasState } from "../tables/terraform-states.ts";
import { uuid } from "../tables/uuid.ts";
import { isMissing } from "../terraform/missing-file.ts";
import { readState } from "../terraform/watch-state.ts";
import { reasonToKeep, removeWorkDirectory, workDirectoryAt } from "../terraform/work-directory.ts";
import type { Services } from "./services.ts";
import { host } from "./terraform-run.ts";
import { digestOf } from "./terraform-state.ts";

/**
 * Removes the directories that killed workers of this machine left after they had recorded the end of their runs: they
 * hold the state in clear. Returns how many. Whatever is not stored stays, and so does what somebody may still follow;
 * a run that has ended is taken up by nobody. Throws what PostgreSQL or the file system throws.
 */
export async function sweepRunDirectories({
  database: { manager },
  terraform: { workDirectory },
}: Pick<Services, "database" | "terraform">): Promise<number> {
  const names = await readdir(workDirectory).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const ids = names.filter((name) => uuid.test(name));
  let removed = 0;
  for (const { id, resourceId, process } of await findEndedTerraformRuns(manager, ids)) {
    const directory = workDirectoryAt(join(workDirectory, id));
    const isOurs = process?.["host"] === host && process["directory"] === directory.path;
    if (!isOurs) continue;
    const left = (await readState(directory.erroredState)) ?? (await readState(directory.state));
    const isStored = left !== null && (await hasState(manager, resourceId, digestOf(left.bytes)));
    if ((await reasonToKeep(directory, isStored ? left : null)) !== null) continue;
    await removeWorkDirectory(directory);
    removed += 1;
  }
  return removed;
}

/** Sweeps at the start of a worker, which starts also if that fails. */
export async function sweepAtStart(services: Services, log: Logger): Promise<void> {
  try {
    const removed = await sweepRunDirectories(services);
    if (removed > 0) log.info({ removed }, "removed directories of ended runs");
  } catch (error) {
    log.warn({ err: error }, "directories of ended runs not removed");
  }
}
