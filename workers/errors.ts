/** The job cannot succeed as it is: its input, the credential or the account must change first. The tenant's fault. */
export class GiveUpError extends Error {
  override readonly name = "GiveUpError";
  readonly code: string;
  /** JSON Pointer to the payload field that leads to the trouble, if there is one. */
  readonly path: string | undefined;

  constructor(code: string, message: string, path?: string) {
    super(path === undefined ? message : `${path}: ${message}`);
    this.code = code;
    this.path = path;
  }
}

/** The job may succeed later without anybody changing anything. The provider's fault, or the weather's. */
export class RetryError extends Error {
  override readonly name = "RetryError";
  readonly code: string;
  /** When the other side asked to come back, in milliseconds from now. */
  readonly afterMs: number | undefined;

  constructor(code: string, message: string, options: { afterMs?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.afterMs = options.afterMs;
  }
}

/** The job need not be tried before a time that is known: it waits, and no attempt is used up. Not the job's fault. */
export class PostponeError extends Error {
  override readonly name = "PostponeError";
  readonly code: string;
  /** Milliseconds from now. */
  readonly afterMs: number;

  constructor(code: string, message: string, afterMs: number) {
    super(message);
    this.code = code;
    this.afterMs = afterMs;
  }
}

/** A guard stopped the job: what it found is too unlikely to act on without a person. */
export class HeldError extends Error {
  override readonly name = "HeldError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The job ran longer than its contract allows. */
export class JobTimeoutError extends Error {
  override readonly name = "JobTimeoutError";
  readonly code = "JOB_TIMEOUT";

  constructor(timeoutMs: number) {
    super(`the job ran longer than ${Math.round(timeoutMs / 1000)} s`);
  }
}

/** The worker is stopping: the job goes back to the queue as if it had not been taken. */
export class HandBackError extends Error {
  override readonly name = "HandBackError";
  readonly code = "WORKER_STOPPING";

  constructor() {
    super("the worker is stopping");
  }
}
