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

/** Words by which providers report throttling and outages; terraform passes on text, never a code. */
const transientText =
  /throttl|rate ?limit|rate exceeded|too many requests|\b429\b|\b50[0234]\b|service unavailable|internal ?error|connection (reset|refused)|i\/o timeout|tls handshake timeout|no such host/i;

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
   * operator (installation of providers, time limits, killed processes). `none`: the caller aborted.
   */
  get fault(): "tenant" | "provider" | "operator" | "none" {
    if (this.end === "aborted") return "none";
    if (this.diagnostics.some(isTransient)) return "provider";
    if (this.end !== "exit" || this.stage === "init" || this.stage === "read") return "operator";
    return this.diagnostics.length > 0 ? "tenant" : "operator";
  }

  /** Whether a new run, with a new plan, may succeed without anybody changing anything. */
  get isTransient(): boolean {
    return this.fault === "provider" || this.fault === "none" || this.end === "killed";
  }
}

function isTransient(diagnostic: Diagnostic): boolean {
  return transientText.test(`${diagnostic.summary} ${diagnostic.detail}`);
}

function describe(facts: TerraformErrorFacts): string {
  const [first] = facts.diagnostics ?? [];
  if (first) return `terraform ${facts.stage}: ${first.summary}`;
  if (facts.end === "exit")
    return `terraform ${facts.stage} ended with exit code ${facts.exitCode}`;
  if (facts.end === "killed") return `terraform ${facts.stage} was killed and left no exit code`;
  if (facts.end === "timeout") return `terraform ${facts.stage} exceeded its time and was stopped`;
  return `terraform ${facts.stage} was interrupted on request`;
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
