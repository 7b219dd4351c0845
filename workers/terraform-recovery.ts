import type { TerraformRun } from "../entities/terraform-run.ts";
import { endTerraformRun, findRunningTerraformRun } from "../tables/terraform-runs.ts";
import { TerraformError, TerraformProofError } from "../terraform/errors.ts";
import { type ApplyResult, adoptRun } from "../terraform/run.ts";
import { readState } from "../terraform/watch-state.ts";
import { exists, takeOver, workDirectoryAt } from "../terraform/work-directory.ts";
import { HeldError } from "./errors.ts";
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
import { readStoredState } from "./terraform-state.ts";
import type { TerraformTarget } from "./terraform-target.ts";

const goneTooEarly = "its worker was gone before terraform applied";

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
  const directory = await whereItRan(dependencies, row);
  const stored = await readStoredState(dependencies.secrets, manager, target.resource.id);
  const run: OngoingRun = {
    id: row.id,
    resourceId: target.resource.id,
    action: row.action,
    directory,
    stored,
    progress: null,
  };
  const identity = await takeOver(directory);
  if (!identity) {
    const isLost = row.stage === "applying" && !(await exists(directory));
    const reason = isLost ? new RunLostError(row.id) : new Error(goneTooEarly);
    return giveUpRun(dependencies, run, reason);
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

async function whereItRan(dependencies: Services & JobContext, row: TerraformRun): Promise<string> {
  const { host: itsHost, directory } = { ...row.process };
  if (itsHost === host && typeof directory === "string") return directory;
  const problem = `run ${row.id} was started on ${String(itsHost)} and its worker is gone: whether terraform still runs there, and what it created since its last stored state, is unknown`;
  await dependencies.commit(async (manager) =>
    endTerraformRun(manager, row.id, "unknown", { errorMessage: problem }),
  );
  throw new HeldError("TERRAFORM_RUN_UNKNOWN", `${problem}. Make sure it has ended, then retry`);
}

async function giveUpRun(
  dependencies: Services & JobContext,
  run: OngoingRun,
  reason: Error,
): Promise<null> {
  const left = await readState(workDirectoryAt(run.directory).state);
  const isNewer = left !== null && left.serial > (run.stored?.serial ?? -1);
  if (isNewer) await storeState(dependencies, run, left, "recovered");
  await recordFailure(dependencies, run, reason);
  return null;
}
