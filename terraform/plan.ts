/** What a plan is for: make the module so, remove everything, or only look for drift. */
export type PlanMode = "apply" | "destroy" | "refresh-only";

export interface PlanOptions {
  mode: PlanMode;
  /** Where the plan is saved. It holds variables and state in clear. */
  out: string;
  /** Operations at a time; terraform's own default is 10. */
  parallelism?: number;
}

/** Exit code of `plan -detailed-exitcode` when there is something to do (0: nothing, 1: error). */
export const changesExitCode = 2;

/** Arguments of `terraform plan`, saved to a file. */
export function planArguments(options: PlanOptions): string[] {
  const args = ["plan", "-json", "-input=false", "-detailed-exitcode", `-out=${options.out}`];
  if (options.mode === "destroy") args.push("-destroy");
  if (options.mode === "refresh-only") args.push("-refresh-only");
  if (options.parallelism !== undefined) args.push(`-parallelism=${options.parallelism}`);
  return args;
}
