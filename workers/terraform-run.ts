import { hostname } from "node:os";
import { storableText } from "../runtime/storable.ts";
import { noteTerraformOutput } from "../tables/resources.ts";
import {
  endTerraformRun,
  holdTerraformRun,
  showTerraformProgress,
} from "../tables/terraform-runs.ts";
import { addState } from "../tables/terraform-states.ts";
import type { RunProgress } from "../terraform/progress.ts";
import type { RunHooks } from "../terraform/run.ts";
import type { StateSnapshot } from "../terraform/state.ts";
import { reasonToKeep, removeWorkDirectory, workDirectoryAt } from "../terraform/work-directory.ts";
import type { JobContext } from "./handler.ts";
import type { Services } from "./services.ts";
import { sealState } from "./terraform-state.ts";

/** One run of the binary, as the handler and the recovery share it. */
export interface OngoingRun {
  id: string;
  resourceId: number;
  /** `plan`, `apply`, `destroy` or `drift`. */
  action: string;
  directory: string;
  /** The newest state that is safe in the database. */
  stored: { serial: number; lineage: string } | null;
  /** What is known of the run; set as soon as anything was heard. */
  progress: RunProgress | null;
}

/** The name under which this machine's runs are adopted. */
export const host = hostname();

/** Hooks that store each state of a run within its fence and show its progress. */
export function recordRun(dependencies: Services & JobContext, run: OngoingRun): RunHooks {
  let stage = "preparing";
  let shown = -1;
  return {
    // Throws when another worker took the run for lost: it may have begun one of its own.
    onStage: async (name) => {
      stage = { init: "initializing", plan: "planning", apply: "applying" }[name];
      await dependencies.commit(async (manager) =>
        showTerraformProgress(manager, run.id, stage, 0),
      );
    },
    onProgress: (percent, progress) => {
      run.progress = progress;
      if (percent === shown) return;
      shown = percent;
      // Only a display: a lost update is caught up by the next one, and must not fail the run.
      void dependencies.progress(percent).catch(() => {});
      void showTerraformProgress(dependencies.database.manager, run.id, stage, percent).catch(
        () => {},
      );
    },
    onState: async (state) => storeState(dependencies, run, state, "snapshot"),
  };
}

/** Stores a state in a fenced transaction. */
export async function storeState(
  dependencies: Services & JobContext,
  run: OngoingRun,
  state: StateSnapshot,
  kind: "snapshot" | "recovered",
): Promise<void> {
  const facts = { runId: run.id, kind };
  const envelope = sealState(dependencies.secrets, run.resourceId, facts, state);
  await dependencies.commit(async (manager) => {
    await holdTerraformRun(manager, run.id);
    await addState(manager, run.resourceId, envelope);
  });
  run.stored = state;
}

/** Records a run that did not reach its goal, with what it may have left in the cloud without a trace in the state. */
export async function recordFailure(
  dependencies: Services & JobContext,
  run: OngoingRun,
  error: unknown,
): Promise<void> {
  const unknown = error instanceof RunLostError ? [error.message] : unknownEffects(run);
  const problem = error instanceof Error ? error.message : String(error);
  const errorMessage = [...new Set([problem, ...unknown])].join("; ");
  await dependencies.commit(async (manager) => {
    const state = unknown.length > 0 ? "unknown" : "failed";
    await endTerraformRun(manager, run.id, state, { errorMessage });
    if (changesResource(run.action)) {
      await noteTerraformOutput(manager, run.resourceId, {
        run_id: run.id,
        logs: logsOf(run, errorMessage),
      });
    }
  });
  await cleanUp(run);
}

/** Whether an action is there to change its resource; the others leave its status and outputs alone. */
export function changesResource(action: string): boolean {
  return action === "apply" || action === "destroy";
}

/** The end of a run's log for people, or what is known instead. */
export function logsOf(run: OngoingRun, otherwise: string): string {
  return storableText(run.progress?.log.text || otherwise);
}

/** A run that applied is over, and nobody can read how far it got. */
export class RunLostError extends Error {
  override readonly name = "RunLostError";

  /** @param what has become of which run. */
  constructor(what: string) {
    super(
      `${what}: what it created or destroyed since its last stored state is unknown, look for it in the cloud`,
    );
  }
}

/** Whoever ends without an answer, killed or out of patience, cannot say what became of the calls it had made. */
function unknownEffects(run: OngoingRun): string[] {
  const unanswered = run.progress?.unanswered ?? [];
  return unanswered
    .filter(({ action }) => action !== "read")
    .map(
      ({ action, address }) =>
        `${action} of ${address} was under way when terraform or its provider ended: look for it in the cloud, it may be missing in the state`,
    );
}

/** Removes the run's directory once everything in it is stored; otherwise it stays for the next attempt. */
export async function cleanUp(run: OngoingRun): Promise<void> {
  const directory = workDirectoryAt(run.directory);
  if ((await reasonToKeep(directory, run.stored)) === null) await removeWorkDirectory(directory);
}
