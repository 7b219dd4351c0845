export interface ApplyOptions {
  /** A saved plan, made in this very directory. Applied once and never again: a retry makes a new plan. */
  plan: string;
  /** Operations at a time; terraform's own default is 10. */
  parallelism?: number;
}

/** Arguments of `terraform apply` of a saved plan, be it to create or to destroy. */
export function applyArguments(options: ApplyOptions): string[] {
  const args = ["apply", "-json", "-input=false"];
  if (options.parallelism !== undefined) args.push(`-parallelism=${options.parallelism}`);
  return [...args, options.plan];
}
