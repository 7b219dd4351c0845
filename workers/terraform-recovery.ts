import type { TerraformRun } from "../entities/terraform-run.ts";
import { endTerraformRun, findRunningTerraformRun } from "../tables/terraform-runs.ts";
import { TerraformError, TerraformProofError } from "../terraform/errors.ts";
import { followProcess } from "../terraform/follow.ts";
import { type ApplyResult, adoptRun } from "../terraform/run.ts";
import { defaultLimits } from "../terraform/stage.ts";
import { readState } from "../terraform/watch-state.ts";
import { exists, takeOver, workDirectoryAt } from "../terraform/work-directory.ts";
import { type GiveUpError, HeldError } from "./errors.ts";
import type { JobContext } from "./handler.ts";
import type { Services } from "./services.ts";
import {
  host,
  type OngoingRun,
  RunLostError,
  recordFailure,
  recordRun,
  storeState,
} from "./terraform-run.ts";
import { storedVersion } from "./terraform-state.ts";
import type { TerraformTarget } from "./terraform-target.ts";

/** An earlier run that was followed to its end. */
export interface RecoveredRun {
  run: OngoingRun;
  /** The ledger row of the job that began it. */
  jobRunId: string;
  result: ApplyResult;
}

/**
 * Deals with a run that an earlier worker left: follows a terraform that still runs, or just ended, to its end; saves
 * the state of one that was lost. Returns the run when it reached its goal, null when the way is free for a new one.
 * Throws HeldError when the run is on another machine, where nobody here can see whether it still goes on.
 */
export async function recoverRun(
  dependencies: Services & JobContext,
  target: TerraformTarget,
  signal: AbortSignal,
): Promise<RecoveredRun | null> {
  const { manager } = dependencies.database;
  const row = await findRunningTerraformRun(manager, target.resource.id);
  if (!row) return null;
  const run = await leftRun(dependencies, row);
  const { directory, stored } = run;
  const identity = await takeOver(directory);
  if (!identity) {
    await giveUpRun(dependencies, run, await reasonOf(row, directory));
    return null;
  }
  await dependencies.progress(30, `adopted the terraform process ${identity.pid} of run ${row.id}`);
  try {
    const hooks = recordRun(dependencies, run);
    const { cloud } = target.credential;
    const adopted = { ...hooks, directory, credential: cloud, signal, identity, stored };
    const mode = row.action === "destroy" ? "destroy" : "apply";
    return { run, jobRunId: row.jobRunId, result: await adoptRun(mode, adopted) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TerraformError || error instanceof TerraformProofError)) throw error;
    await recordFailure(dependencies, run, error);
    return null;
  }
}

/**
 * Ends a run that an earlier worker left and nobody may follow, because its credential is of no use any more: stops its
 * terraform in order and stores the state that it wrote. Its log is not read, since nobody knows what must not be shown
 * of it. Throws HeldError as `recoverRun`, and what the signal says when that aborts.
 */
export async function closeRun(
  dependencies: Services & JobContext,
  resourceId: number,
  refusal: GiveUpError,
  signal: AbortSignal,
): Promise<void> {
  const row = await findRunningTerraformRun(dependencies.database.manager, resourceId);
  if (!row) return;
  const run = await leftRun(dependencies, row);
  const identity = await takeOver(run.directory);
  if (!identity) return giveUpRun(dependencies, run, await reasonOf(row, run.directory));
  await followProcess({
    identity,
    files: workDirectoryAt(run.directory).processFiles("apply"),
    signal: AbortSignal.abort(),
    timeoutMs: defaultLimits.applyMs,
    graceMs: defaultLimits.graceMs,
    each: async () => signal.throwIfAborted(),
  });
  const what = `run ${row.id} was stopped for want of its credential (${refusal.code})`;
  await giveUpRun(dependencies, run, new RunLostError(what));
}

async function leftRun(
  dependencies: Services & JobContext,
  row: TerraformRun,
): Promise<OngoingRun> {
  const { id, resourceId, action } = row;
  const directory = await whereItRan(dependencies, row);
  const stored = await storedVersion(dependencies.database.manager, resourceId);
  return { id, resourceId, action, directory, stored, progress: null };
}

async function whereItRan(dependencies: Services & JobContext, row: TerraformRun): Promise<string> {
  const { host: itsHost, directory } = { ...row.process };
  if (itsHost === host && typeof directory === "string") return directory;
  const problem = `run ${row.id} was started on ${String(itsHost)} and its worker is gone: whether terraform still runs there, and what it created since its last stored state, is unknown`;
  await dependencies.commit(async (manager) =>
    endTerraformRun(manager, row.id, "unknown", { errorMessage: problem }),
  );
  throw new HeldError("TERRAFORM_RUN_UNKNOWN", `${problem}. Make sure it has ended, then retry`);
}

/** Why a run has ended that has no apply to follow. */
async function reasonOf({ id, stage }: TerraformRun, directory: string): Promise<Error> {
  const isLost = stage === "applying" && !(await exists(directory));
  if (isLost) return new RunLostError(`the directory of run ${id} is gone`);
  return new Error("its worker was gone before terraform applied");
}

async function giveUpRun(
  dependencies: Services & JobContext,
  run: OngoingRun,
  reason: Error,
): Promise<void> {
  const { state, erroredState } = workDirectoryAt(run.directory);
  for (const path of [state, erroredState]) {
    const left = await readState(path);
    const isNewer = left !== null && left.serial > (run.stored?.serial ?? -1);
    if (isNewer) await storeState(dependencies, run, left, "recovered");
  }
  await recordFailure(dependencies, run, reason);
}
