export interface InitOptions {
  /** Refuse to change `.terraform.lock.hcl`: only for modules that ship one. */
  lockfileReadonly?: boolean;
}

/** Arguments of `terraform init`: installs providers and reads the backend. */
export function initArguments(options: InitOptions = {}): string[] {
  const args = ["init", "-json", "-input=false"];
  if (options.lockfileReadonly) args.push("-lockfile=readonly");
  return args;
}
