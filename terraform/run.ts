import { applyArguments } from "./apply.ts";
import { type RunCredential, runEnvironment, secretValues } from "./environment.ts";
import { TerraformProofError } from "./errors.ts";
import { initArguments } from "./init.ts";
import type { ChangeCounts } from "./parse-message.ts";
import { changesExitCode, type PlanMode, planArguments } from "./plan.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import { type Created, RunProgress } from "./progress.ts";
import { createRedactor } from "./redact.ts";
import { defaultLimits, followStage, type Limits, runStage, type StageContext } from "./stage.ts";
import { parseState, type StateSnapshot } from "./state.ts";
import { readState, watchState } from "./watch-state.ts";
import {
  createWorkDirectory,
  removePlan,
  type WorkDirectory,
  type WorkDirectoryContent,
  workDirectoryAt,
} from "./work-directory.ts";

/** What a run tells while it goes on. */
export interface RunHooks
  extends Pick<StageContext, "onStage" | "onProcess" | "onProgress" | "onMessage"> {
  /**
   * A new version of the state, after each completed resource; versions may be skipped while one is being stored.
   * A failure for the last version makes the run fail (the state stays in the work directory).
   */
  onState?: ((state: StateSnapshot) => Promise<void>) | undefined;
}

interface FollowedRun extends RunHooks {
  /**
   * Path of the run's own directory, the same for every attempt: the next one finds there what this one leaves
   * (`takeOver`). The caller removes it when the state is stored (`reasonToKeep`).
   */
  directory: string;
  credential: RunCredential;
  signal: AbortSignal;
  limits?: Limits;
}

export interface ModuleRun extends FollowedRun, WorkDirectoryContent {
  /** Path of terraform or tofu. */
  binary: string;
  /** Our own environment, of which a few names are passed on. */
  inherited: Record<string, string | undefined>;
  /** TF_REATTACH_PROVIDERS, for simulations only. */
  reattachProviders?: string | undefined;
  parallelism?: number;
}

export interface AdoptedRun extends FollowedRun {
  identity: ProcessIdentity;
  /** The version of the state that is stored already. */
  stored: Pick<StateSnapshot, "serial" | "lineage"> | null;
}

export interface PlanResult {
  hasChanges: boolean;
  changes: ChangeCounts;
  /** Addresses that changed outside of terraform. */
  drifted: string[];
}

export interface ApplyResult {
  /** False when the plan found nothing to do and nothing was applied. */
  applied: boolean;
  changes: ChangeCounts;
  created: Created[];
  /** The state at the end, outputs included; null when there never was one. */
  state: StateSnapshot | null;
}

const noChanges: ChangeCounts = { add: 0, change: 0, remove: 0, import: 0 };

/** Says what a run would do, or what has drifted, and changes nothing. Throws TerraformError. */
export async function planModule(mode: PlanMode, run: ModuleRun): Promise<PlanResult> {
  const { context } = await prepare(run);
  const needsApply = await plan(mode, run, context);
  await removePlan(context.directory);
  const { planned, drifted } = context.progress;
  // A refreshed data source alone makes terraform want to write the state, which is no drift.
  const hasChanges = mode === "refresh-only" ? drifted.length > 0 : needsApply;
  return { hasChanges, changes: planned ?? noChanges, drifted };
}

/**
 * Makes the module so: init, plan, apply of that very plan. To be called again after any failure: it plans anew.
 * Throws TerraformError, TerraformProofError, or what `onState` threw for the last state.
 */
export async function applyModule(run: ModuleRun): Promise<ApplyResult> {
  return execute("apply", run);
}

/** Removes everything that the state names, and proves that nothing is left. Throws as `applyModule`. */
export async function destroyModule(run: ModuleRun): Promise<ApplyResult> {
  return provenEmpty(await execute("destroy", run));
}

/**
 * Follows an apply or destroy that another process started, running or just ended, to its end. Throws as `applyModule` or
 * `destroyModule`; a TerraformError whose `end` is `killed` means that it did not survive.
 */
export async function adoptRun(mode: "apply" | "destroy", run: AdoptedRun): Promise<ApplyResult> {
  const context = createContext(run, workDirectoryAt(run.directory));
  const follow = () => followStage("apply", run.identity, context);
  const result = await applying(run, run.stored, context, follow);
  return mode === "destroy" ? provenEmpty(result) : result;
}

function provenEmpty(result: ApplyResult): ApplyResult {
  if (result.state && result.state.managedInstances > 0) {
    throw new TerraformProofError("empty-state");
  }
  return result;
}

async function execute(mode: "apply" | "destroy", run: ModuleRun): Promise<ApplyResult> {
  const { context, environment } = await prepare(run);
  const { directory } = context;
  const before = run.state && parseState(run.state);
  const hasChanges = await plan(mode, run, context);
  if (!hasChanges) {
    await removePlan(directory);
    return {
      applied: false,
      changes: noChanges,
      created: [],
      state: await readState(directory.state),
    };
  }
  const args = applyArguments({ ...parallelism(run), plan: directory.plan });
  return applying(run, before, context, () =>
    runStage({ stage: "apply", binary: run.binary, args, environment }, context),
  );
}

/** Captures the state while `apply` goes on, whatever its end, and proves its success. */
async function applying(
  run: RunHooks,
  before: Pick<StateSnapshot, "serial" | "lineage"> | null,
  context: StageContext,
  apply: () => Promise<number>,
): Promise<ApplyResult> {
  const { directory, progress } = context;
  const watch = watchState(directory.state, before, async (state) => run.onState?.(state));
  try {
    await apply();
  } finally {
    await removePlan(directory);
    await watch.stop();
    // What terraform could not write into the state's own file, as on a full disk.
    const errored = await readState(directory.erroredState);
    if (errored) await run.onState?.(errored);
  }
  if (!progress.applied) throw new TerraformProofError("apply-summary");
  const state = await readState(directory.state);
  if (!state) throw new TerraformProofError("state");
  return { applied: true, changes: progress.applied, created: progress.created, state };
}

async function prepare(run: ModuleRun) {
  const directory = await createWorkDirectory(run.directory, run);
  const context = createContext(run, directory);
  const environment = environmentOf(run, directory);
  const args = initArguments();
  await runStage({ stage: "init", binary: run.binary, args, environment }, context);
  return { context, environment };
}

async function plan(mode: PlanMode, run: ModuleRun, context: StageContext): Promise<boolean> {
  const { directory } = context;
  const args = planArguments({ ...parallelism(run), mode, out: directory.plan });
  const environment = environmentOf(run, directory);
  const exitCode = await runStage(
    { stage: "plan", binary: run.binary, args, environment },
    context,
  );
  return exitCode === changesExitCode;
}

function createContext(run: FollowedRun, directory: WorkDirectory): StageContext {
  const { signal, limits = defaultLimits, onStage, onProcess, onProgress, onMessage } = run;
  const hooks = { onStage, onProcess, onProgress, onMessage };
  const redactor = createRedactor(secretValues(run.credential));
  const progress = new RunProgress();
  return { directory, progress, redactor, limits, signal, ...hooks };
}

function environmentOf(run: ModuleRun, directory: WorkDirectory): Record<string, string> {
  const { credential, inherited, reattachProviders } = run;
  const { home, cliConfigFile } = directory;
  return runEnvironment({ credential, inherited, home, cliConfigFile, reattachProviders });
}

function parallelism(run: ModuleRun): { parallelism?: number } {
  return run.parallelism === undefined ? {} : { parallelism: run.parallelism };
}
