/**
 * PostgreSQL or Redis cannot be reached or refuses. The operator's fault; the message names the variable that says where
 * the server is, and `code` is the one of the system or the server, such as ECONNREFUSED or 28P01.
 */
export class ServerError extends Error {
  override readonly name = "ServerError";
  readonly code: string;

  constructor(server: string, cause: unknown) {
    super(`${server}: ${reasonOf(cause)}`, { cause });
    const code: unknown = cause instanceof Error ? Reflect.get(cause, "code") : undefined;
    this.code = typeof code === "string" ? code : "SERVER_UNUSABLE";
  }
}

/** A name with several addresses fails with one error for each, and an empty message of its own. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join(", ");
  return cause instanceof Error ? cause.message : String(cause);
}
