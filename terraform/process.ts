import { spawn } from "node:child_process";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { isMissing } from "./missing-file.ts";
import { isAlive, isLeaderAlive, type ProcessIdentity, parseIdentity } from "./process-identity.ts";

/** Files by which a process is followed, by us or by whoever adopts it. */
export interface ProcessFiles {
  /** Standard output. */
  log: string;
  /** Standard error. */
  errors: string;
  /** Pid and `/proc` line, written by the process itself before it becomes terraform. */
  identity: string;
  /** Present once terraform was asked to stop, by whoever followed it then. */
  interrupted: string;
  /** Exit code, written by the wrapper; absent while it runs and when both were killed. */
  exitCode: string;
}

/** Files of a named process in a directory. */
export function processFiles(directory: string, name: string): ProcessFiles {
  const path = (extension: string) => join(directory, `${name}.${extension}`);
  return {
    log: path("log"),
    errors: path("errors"),
    identity: path("identity"),
    interrupted: path("interrupted"),
    exitCode: path("exit-code"),
  };
}

export interface StartOptions {
  binary: string;
  args: string[];
  directory: string;
  /** The whole environment. */
  environment: Record<string, string>;
  files: ProcessFiles;
}

/**
 * The wrapper outlives us and leaves the exit code to whoever asks. Inside, a second shell notes its own pid
 * and then *becomes* terraform, unless it could not note it: nobody would find that terraform again. It runs in the
 * foreground: a shell makes background jobs ignore SIGINT.
 */
const becomeTerraform = `
{ read -r stat < "/proc/$$/stat"; } 2>/dev/null
{ read -r boot < /proc/sys/kernel/random/boot_id; } 2>/dev/null
printf '%s\\n%s\\n%s\\n' "$$" "$stat" "$boot" > "$0.new" && mv "$0.new" "$0" && exec "$@"`;
const wrapper = `
exit_code_file=$1; shift
/bin/sh -c "$@"
echo $? > "$exit_code_file.new" && mv "$exit_code_file.new" "$exit_code_file"`;

/** How often a running process is looked at. */
const pollMs = 50;

/**
 * Starts a process that survives us: own session, output to files (a pipe would kill it with SIGPIPE once we
 * are gone). Resolves when its identity is known; throws when it could not be started.
 */
export async function startProcess(options: StartOptions): Promise<ProcessIdentity> {
  const { files } = options;
  await mkdir(join(files.log, ".."), { recursive: true, mode: 0o700 });
  const log = await open(files.log, "a", 0o600);
  const errors = await open(files.errors, "a", 0o600);
  const wrapperArguments = [files.exitCode, becomeTerraform, files.identity, options.binary];
  const child = spawn(
    "/bin/sh",
    ["-c", wrapper, "terraform-run", ...wrapperArguments, ...options.args],
    {
      cwd: options.directory,
      env: options.environment,
      detached: true,
      stdio: ["ignore", log.fd, errors.fd],
    },
  );
  const ended = new Promise<null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => resolve(null));
  });
  child.unref();
  const settled = new AbortController();
  try {
    const identity = await Promise.race([identityWhenKnown(files, settled.signal), ended]);
    const found = identity ?? (await findProcess(files));
    if (!found) throw new Error(`${options.binary} ended before it could note its identity`);
    return found;
  } finally {
    settled.abort();
    await Promise.all([log.close(), errors.close()]);
  }
}

async function identityWhenKnown(
  files: ProcessFiles,
  signal: AbortSignal,
): Promise<ProcessIdentity | null> {
  while (!signal.aborted) {
    const identity = await findProcess(files);
    if (identity) return identity;
    await wait(5);
  }
  return null;
}

/** The process that was started with these files, alive or not; null when none was. */
export async function findProcess(files: ProcessFiles): Promise<ProcessIdentity | null> {
  const text = await readIfPresent(files.identity);
  return text === null ? null : parseIdentity(text);
}

/** Its exit code (128 + n after signal n), or null when it runs or was killed together with its wrapper. */
export async function readExitCode(files: ProcessFiles): Promise<number | null> {
  const text = await readIfPresent(files.exitCode);
  return text === null ? null : Number(text);
}

/**
 * Waits until the process has ended, be it our child or not, and returns its exit code; null when it was killed
 * together with its wrapper. `each` is called at every look.
 */
export async function waitForExit(
  identity: ProcessIdentity,
  files: ProcessFiles,
  each: () => Promise<void>,
): Promise<number | null> {
  for (;;) {
    await each();
    const exitCode = await readExitCode(files);
    if (exitCode !== null) return exitCode;
    // The wrapper needs a moment to write the code, so both have to be gone before it counts as lost.
    if (!(await isAlive(identity)) && !(await isLeaderAlive(identity))) return readExitCode(files);
    await wait(pollMs);
  }
}

/**
 * Asks terraform to finish what it has begun and stop, once in its life whoever asks: a second SIGINT makes it drop
 * operations in flight. It goes to terraform alone, so that provisioners are not hit twice.
 */
export async function interrupt(identity: ProcessIdentity, files: ProcessFiles): Promise<void> {
  const isFirst = await writeFile(files.interrupted, "", { flag: "wx" }).then(
    () => true,
    // A full disk is no reason to let it run on.
    (error: unknown) => !(error instanceof Error && "code" in error && error.code === "EEXIST"),
  );
  if (isFirst && (await isAlive(identity))) send(identity.pid, "SIGINT");
}

/** Kills terraform and everything it started. What is in flight is lost from the state. */
export async function killGroup(identity: ProcessIdentity): Promise<void> {
  if ((await isLeaderAlive(identity)) || (await isAlive(identity)))
    send(-identity.groupId, "SIGKILL");
}

function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    // It ended in the meantime.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

async function readIfPresent(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
}
