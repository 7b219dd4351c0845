import type { Diagnostic } from "./parse-message.ts";

/** The step of a run. `read` is a command that changes nothing (show, output, version). */
export type Stage = "init" | "plan" | "apply" | "read";

/**
 * How the process ended: by itself; after our interrupt, because the caller aborted; because its time
 * was up; or killed by somebody else, leaving no exit code.
 */
export type End = "exit" | "aborted" | "timeout" | "killed";

export interface TerraformErrorFacts {
  stage: Stage;
  /** Null when the process was killed before it could leave one. */
  exitCode: number | null;
  end: End;
  /** Errors that terraform reported, redacted, in its order. */
  diagnostics?: Diagnostic[];
  /** End of its standard error, redacted: crashes and trouble before it could report diagnostics. */
  standardError?: string;
  cause?: unknown;
}

/*
 * Words by which the clouds and their SDKs tell what is wrong; terraform passes on text, never a code. Some of it comes
 * with a status in the 500s although the cloud is well: EC2 throttles with 503 and is out of capacity with 500.
 */
const busyText =
  /throttl|rate ?limit|rate exceeded|request ?limit ?exceeded|slow ?down|too many requests|\b429\b|insufficient\w*capacity|resource_pool_exhausted/i;
const unavailableText =
  /service (is |temporarily |is temporarily )?unavailable|serviceunavailable|currently unavailable|internal ?(server|service)? ?(error|failure)|bad ?gateway|gateway ?timeout|connection (reset|refused|timed out)|i\/o timeout|tls handshake timeout|client\.timeout exceeded|server misbehaving|network is unreachable|no route to host|unexpected EOF|: EOF\b|(status|code|error|http\/[\d.]+)\W{0,4}50[0234]\b/i;
/** A number alone may be an outage or a quota: enough to try again, not enough to blame the cloud for all its users. */
const doubtfulText = /\b50[0234]\b/;
/** The name that DNS does not have is made of the region a tenant gave, or DNS itself is broken: not the cloud. */
const unknownNameText = /no such host/i;
/** The summary when terraform got no answer of its plugin, which says nothing about the cloud behind it. */
const pluginText = /^(plugin (did not respond|error)|request cancelled)/i;

/** Characters of an error that a message repeats. */
const longestSentence = 400;

/** A run that failed. Facts are in the fields; the message is short and made of redacted diagnostics. */
export class TerraformError extends Error {
  override readonly name = "TerraformError";
  readonly stage: Stage;
  readonly exitCode: number | null;
  readonly end: End;
  readonly diagnostics: Diagnostic[];
  readonly standardError: string;

  constructor(facts: TerraformErrorFacts) {
    super(describe(facts), { cause: facts.cause });
    this.stage = facts.stage;
    this.exitCode = facts.exitCode;
    this.end = facts.end;
    this.diagnostics = facts.diagnostics ?? [];
    this.standardError = facts.standardError ?? "";
  }

  /**
   * Who can mend it: the tenant (names, quotas, rights, values), the provider (throttling, outage) or the
   * operator (installation of providers, plugins that died, time limits, killed processes). `none`: the caller aborted.
   */
  get fault(): "tenant" | "provider" | "operator" | "none" {
    if (this.end === "aborted") return "none";
    if (this.diagnostics.some(isTransient)) return "provider";
    if (this.end !== "exit" || this.stage === "init" || this.stage === "read") return "operator";
    if (this.diagnostics.some(isPluginLost)) return "operator";
    return this.diagnostics.length > 0 ? "tenant" : "operator";
  }

  /**
   * What the run says of the cloud: it `answered`, if only to refuse; the call `failed` because it cannot be reached or
   * cannot do its work; or `nothing`: it was not called, or the run was stopped before it could tell. What a provider
   * reports has an address, of a resource or of the provider; what terraform finds in the configuration has none.
   */
  get finding(): "answered" | "failed" | "nothing" {
    if (this.end !== "exit" || this.stage === "init" || this.stage === "read") return "nothing";
    const reported = this.diagnostics.filter(
      (diagnostic) => diagnostic.address !== undefined && !isPluginLost(diagnostic),
    );
    if (reported.length === 0) return "nothing";
    if (reported.some(isUnavailable)) return "failed";
    return reported.some(isUnknownName) ? "nothing" : "answered";
  }

  /** Whether a new run, with a new plan, may succeed without anybody changing anything. */
  get isTransient(): boolean {
    return this.fault === "provider" || this.fault === "none" || this.end === "killed";
  }
}

/** Whether terraform lost the plugin of a provider, and so does not know what came of its calls. */
export function isPluginLost({ summary }: Diagnostic): boolean {
  return pluginText.test(summary);
}

function isTransient(diagnostic: Diagnostic): boolean {
  const text = textOf(diagnostic);
  return [busyText, unavailableText, doubtfulText, unknownNameText].some((words) =>
    words.test(text),
  );
}

function isUnavailable(diagnostic: Diagnostic): boolean {
  const text = textOf(diagnostic);
  return unavailableText.test(text) && !busyText.test(text);
}

function isUnknownName(diagnostic: Diagnostic): boolean {
  return unknownNameText.test(textOf(diagnostic));
}

function textOf({ summary, detail }: Diagnostic): string {
  return `${summary} ${detail}`;
}

function describe(facts: TerraformErrorFacts): string {
  const [first, ...others] = facts.diagnostics ?? [];
  if (first) {
    const more = others.length === 0 ? "" : `; ${others.length} more like it`;
    return `terraform ${facts.stage}: ${sentence(first)}${more}`;
  }
  if (facts.end === "exit")
    return `terraform ${facts.stage} ended with exit code ${facts.exitCode}`;
  if (facts.end === "killed") return `terraform ${facts.stage} was killed and left no exit code`;
  if (facts.end === "timeout") return `terraform ${facts.stage} exceeded its time and was stopped`;
  return `terraform ${facts.stage} was interrupted on request`;
}

/** The cloud's own words are often in the summary; terraform's about a value are in the detail, and go on for a page. */
function sentence({ summary, detail, address }: Diagnostic): string {
  const words = [summary, detail.replaceAll(/\s+/g, " ").trim()].filter((text) => text !== "");
  const text = words.join(": ");
  const shown = text.length > longestSentence ? `${text.slice(0, longestSentence)}…` : text;
  return address === undefined ? shown : `${shown} (${address})`;
}

/** An apply ended well by exit code, but what it left does not prove it. */
export class TerraformProofError extends Error {
  override readonly name = "TerraformProofError";
  readonly fault = "operator";
  readonly missing: "apply-summary" | "state" | "empty-state";

  constructor(missing: "apply-summary" | "state" | "empty-state") {
    super(`terraform apply ended with exit code 0 but left no proof of success: ${missing}`);
    this.missing = missing;
  }
}

/** There is no binary to run. The message tells the operator how to get one. */
export class TerraformMissingError extends Error {
  override readonly name = "TerraformMissingError";
  readonly fault = "operator";
  /** The file that was configured, or null when PATH was searched. */
  readonly configured: string | null;

  constructor(configured: string | null) {
    const where = configured === null ? "on PATH" : `at ${configured}`;
    super(
      `no executable terraform or tofu ${where}; install Terraform 1.9 or newer ` +
        `(https://developer.hashicorp.com/terraform/install) or OpenTofu (https://opentofu.org/docs/intro/install/), ` +
        `or set TERRAFORM_BINARY to its path`,
    );
    this.configured = configured;
  }
}

/** There is a binary, but it does not answer or is too old for our modules. */
export class TerraformUnusableError extends Error {
  override readonly name = "TerraformUnusableError";
  readonly fault = "operator";
  readonly path: string;

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(
      `${path} cannot be used: ${reason}; install Terraform 1.9 or newer, or OpenTofu`,
      options,
    );
    this.path = path;
  }
}

/** No directory could be made for a run: a full or read-only disk, or missing rights. */
export class WorkDirectoryError extends Error {
  override readonly name = "WorkDirectoryError";
  readonly fault = "operator";

  constructor(path: string, cause: unknown) {
    const code: unknown = cause instanceof Error ? Reflect.get(cause, "code") : undefined;
    super(`no directory for the run can be made at ${path}: ${String(code ?? cause)}`, { cause });
  }
}
