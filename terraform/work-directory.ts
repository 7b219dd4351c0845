import { cp, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cliConfig } from "./environment.ts";
import { WorkDirectoryError } from "./errors.ts";
import { isMissing } from "./missing-file.ts";
import { findProcess, killGroup, type ProcessFiles, processFiles, waitForExit } from "./process.ts";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";
import { isSameState, type StateSnapshot } from "./state.ts";
import { readState } from "./watch-state.ts";

const stages = ["init", "plan", "apply"] as const;

/** Where the parts of a run lie. Plain paths: whoever adopts a run derives them again from the directory. */
export interface WorkDirectory {
  path: string;
  /** Copy of the module; terraform's working directory. */
  module: string;
  /** The local backend's file. */
  state: string;
  /** State that terraform could not save elsewhere. */
  erroredState: string;
  plan: string;
  home: string;
  cliConfigFile: string;
  /** Files of the processes of one stage. */
  processFiles: (stage: (typeof stages)[number]) => ProcessFiles;
}

/** The work directory at a path, which need not exist. */
export function workDirectoryAt(path: string): WorkDirectory {
  const module = join(path, "module");
  return {
    path,
    module,
    state: join(path, "state", "terraform.tfstate"),
    erroredState: join(module, "errored.tfstate"),
    plan: join(path, "plan"),
    home: join(path, "home"),
    cliConfigFile: join(path, "terraform.rc"),
    processFiles: (stage) => processFiles(join(path, "process"), stage),
  };
}

export interface WorkDirectoryContent {
  /** Directory of the module's files. */
  moduleDirectory: string;
  /** Values of its variables. They reach disk and plan file, so no secret may be among them. */
  variables: Record<string, unknown>;
  /** The latest stored state, exact bytes; null for a new resource. */
  state: Uint8Array | null;
  /** Directory that providers are installed from, instead of a registry. */
  providerMirror: string | null;
}

/**
 * Makes a private directory (0700) for one run. Throws WorkDirectoryError, also when it exists: it may hold what an
 * earlier run could not hand over, which has to be looked at first.
 */
export async function createWorkDirectory(
  path: string,
  content: WorkDirectoryContent,
): Promise<WorkDirectory> {
  try {
    await mkdir(join(path, ".."), { recursive: true });
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    throw new WorkDirectoryError(path, error);
  }
  try {
    return await fill(workDirectoryAt(path), content);
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    throw new WorkDirectoryError(path, error);
  }
}

async function fill(
  directory: WorkDirectory,
  content: WorkDirectoryContent,
): Promise<WorkDirectory> {
  await mkdir(directory.home, { mode: 0o700 });
  await mkdir(join(directory.state, ".."), { mode: 0o700 });
  await cp(content.moduleDirectory, directory.module, { recursive: true });
  await writeFile(
    join(directory.module, "terraform.tfvars.json"),
    JSON.stringify(content.variables),
  );
  // An override file wins over any backend or cloud block that the module brings.
  const backend = { terraform: { backend: { local: { path: directory.state } } } };
  await writeFile(join(directory.module, "backend_override.tf.json"), JSON.stringify(backend));
  await writeFile(directory.cliConfigFile, cliConfig(content.providerMirror));
  if (content.state) await writeFile(directory.state, content.state, { mode: 0o600 });
  return directory;
}

/** Why a work directory must not be removed yet. */
export type KeepReason = "running" | "errored-state" | "unreadable-state" | "unsaved-state";

/**
 * Why the directory has to be kept, or null when everything in it is stored elsewhere.
 * @param stored the latest version of the state that is safe elsewhere.
 */
export async function reasonToKeep(
  directory: WorkDirectory,
  stored: Pick<StateSnapshot, "serial" | "lineage"> | null,
): Promise<KeepReason | null> {
  for (const stage of stages) {
    const identity = await findProcess(directory.processFiles(stage));
    if (identity && (await isAlive(identity))) return "running";
  }
  if (await exists(directory.erroredState)) {
    return isSameState(await readState(directory.erroredState), stored) ? null : "errored-state";
  }
  if (!(await exists(directory.state))) return null;
  const state = await readState(directory.state);
  if (!state) return "unreadable-state";
  return isSameState(state, stored) ? null : "unsaved-state";
}

/**
 * The apply that an earlier attempt started in a directory, running or ended, to be adopted. Null when it never got
 * that far; an init or plan that still runs is killed then, since it changes nothing and nobody waits for it. The plan
 * goes first: an apply that is only about to start finds none and changes nothing.
 */
export async function takeOver(path: string): Promise<ProcessIdentity | null> {
  const directory = workDirectoryAt(path);
  await removePlan(directory);
  const apply = await findProcess(directory.processFiles("apply"));
  if (apply) return apply;
  for (const stage of stages) {
    const files = directory.processFiles(stage);
    const identity = await findProcess(files);
    if (!identity) continue;
    await killGroup(identity);
    await waitForExit(identity, files, async () => {});
  }
  return null;
}

/** Whether there is a directory, or a file, at a path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
}

/** Removes the directory with everything in it: plan, state, logs. */
export async function removeWorkDirectory(directory: WorkDirectory): Promise<void> {
  await rm(directory.path, { recursive: true, force: true }).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/** Removes the plan: it holds state in clear and must never be applied a second time. */
export async function removePlan(directory: WorkDirectory): Promise<void> {
  await rm(directory.plan, { force: true });
}
