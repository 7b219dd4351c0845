/** An error answer of the simulated AWS, before it is put into the form of a service. */
export class AwsFailure extends Error {
  override readonly name = "AwsFailure";
  readonly status: number;
  readonly code: string;
  /** Seconds for a `Retry-After` header. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, code: string, message: string, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
