import { readFile } from "node:fs/promises";
import type { Stage } from "./errors.ts";
import { TerraformError } from "./errors.ts";
import { followProcess } from "./follow.ts";
import { LogReader } from "./log-reader.ts";
import { type Message, parseMessage } from "./parse-message.ts";
import { changesExitCode } from "./plan.ts";
import { startProcess } from "./process.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import type { RunProgress } from "./progress.ts";
import type { Redactor } from "./redact.ts";
import type { WorkDirectory } from "./work-directory.ts";

/** Characters of standard error that an error carries: a stack trace, not a flood. */
const standardErrorLength = 4000;

/** A stage that runs as a process of its own and can outlive us. */
export type ProcessStage = Exclude<Stage, "read">;

/** Milliseconds that a stage may take before it is interrupted, and how long it then may finish its work. */
export interface Limits {
  initMs: number;
  planMs: number;
  applyMs: number;
  graceMs: number;
}

export const defaultLimits: Limits = {
  initMs: 5 * 60_000,
  planMs: 15 * 60_000,
  applyMs: 60 * 60_000,
  graceMs: 5 * 60_000,
};

export interface StageContext {
  directory: WorkDirectory;
  progress: RunProgress;
  redactor: Redactor;
  limits: Limits;
  signal: AbortSignal;
  /** A stage is about to start; if this throws, it does not. */
  onStage?: ((stage: ProcessStage) => Promise<void>) | undefined;
  /** A process has been started: to be stored, so that it can be adopted. */
  onProcess?: ((stage: ProcessStage, identity: ProcessIdentity) => Promise<void>) | undefined;
  /** Something was heard of the run. Must not throw, as `onMessage`. At most once per look (50 ms); the percentage never falls. */
  onProgress?: ((percent: number, progress: RunProgress) => void) | undefined;
  /** Every message, redacted. */
  onMessage?: ((message: Message, stage: ProcessStage) => void) | undefined;
}

export interface StageCommand {
  stage: ProcessStage;
  binary: string;
  args: string[];
  environment: Record<string, string>;
}

/** Starts a stage and follows it to its end. Returns the exit code 0 or 2; throws TerraformError otherwise. */
export async function runStage(command: StageCommand, context: StageContext): Promise<number> {
  const { stage, binary, args, environment } = command;
  if (context.signal.aborted) {
    throw new TerraformError({
      stage,
      exitCode: null,
      end: "aborted",
      cause: context.signal.reason,
    });
  }
  await context.onStage?.(stage);
  const files = context.directory.processFiles(stage);
  const { module: directory } = context.directory;
  const identity = await startProcess({ binary, args, directory, environment, files });
  try {
    await context.onProcess?.(stage, identity);
  } catch (error) {
    // Nobody could find it again, so it must not go on.
    const signal = AbortSignal.abort(error);
    await followStage(stage, identity, { ...context, signal }).catch(() => undefined);
    throw error;
  }
  return followStage(stage, identity, context);
}

/** Follows a stage that somebody started, from the beginning of its log, to its end; as `runStage`. */
export async function followStage(
  stage: ProcessStage,
  identity: ProcessIdentity,
  context: StageContext,
): Promise<number> {
  const files = context.directory.processFiles(stage);
  const log = new LogReader(files.log);
  context.progress.enter(stage);
  context.onProgress?.(context.progress.percent, context.progress);
  const { signal, limits } = context;
  const { exitCode, end } = await followProcess({
    identity,
    files,
    signal,
    timeoutMs: { init: limits.initMs, plan: limits.planMs, apply: limits.applyMs }[stage],
    graceMs: limits.graceMs,
    each: () => readLog(log, stage, context),
  });
  if (exitCode === 0 || (stage === "plan" && exitCode === changesExitCode)) return exitCode;
  const diagnostics = context.progress.errors;
  const standardError = await readEnd(files.errors, context.redactor);
  const cause = end === "aborted" ? signal.reason : undefined;
  throw new TerraformError({ stage, exitCode, end, diagnostics, standardError, cause });
}

async function readLog(log: LogReader, stage: ProcessStage, context: StageContext): Promise<void> {
  let heard = false;
  for await (const line of log.lines()) {
    const message = parseMessage(line, (value) => context.redactor.value(value));
    context.progress.add(message);
    context.onMessage?.(message, stage);
    heard = true;
  }
  if (heard) context.onProgress?.(context.progress.percent, context.progress);
}

async function readEnd(path: string, redactor: Redactor): Promise<string> {
  // Redacted before it is cut, so that no secret is cut in two and missed.
  return redactor.text(await readFile(path, "utf8")).slice(-standardErrorLength);
}
