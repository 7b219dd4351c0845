import type { End } from "./errors.ts";
import { interrupt, killGroup, type ProcessFiles, waitForExit } from "./process.ts";
import type { ProcessIdentity } from "./process-identity.ts";

export interface FollowOptions {
  identity: ProcessIdentity;
  files: ProcessFiles;
  signal: AbortSignal;
  /** Time until it is interrupted. */
  timeoutMs: number;
  /** How long an interrupted terraform may finish what it has begun, before its group is killed. */
  graceMs: number;
  /** Called at every look, also after the end. */
  each: () => Promise<void>;
}

export interface Followed {
  /** Null when it was killed together with its wrapper. */
  exitCode: number | null;
  end: End;
}

/**
 * Follows a process to its end. When the caller aborts or the time is up: one SIGINT, patience, then SIGKILL to the
 * whole group. Ours or adopted makes no difference.
 */
export async function followProcess(options: FollowOptions): Promise<Followed> {
  const { identity, files, signal } = options;
  let asked: "aborted" | "timeout" | null = null;
  let killAt = Number.POSITIVE_INFINITY;
  const timeoutAt = performance.now() + options.timeoutMs;

  const look = async (): Promise<void> => {
    await options.each();
    const now = performance.now();
    if (asked === null && (signal.aborted || now > timeoutAt)) {
      asked = signal.aborted ? "aborted" : "timeout";
      killAt = now + options.graceMs;
      await interrupt(identity, files);
    }
    if (now > killAt) {
      killAt = Number.POSITIVE_INFINITY;
      await killGroup(identity);
    }
  };
  const exitCode = await waitForExit(identity, files, look);
  await options.each();
  return { exitCode, end: asked ?? (exitCode === null || exitCode > 128 ? "killed" : "exit") };
}
