import type { QueueName } from "./contract.ts";
import { contracts, type Payloads } from "./contracts.ts";
import { parsePayload } from "./parse-payload.ts";

/** Whatever can run a statement: a client of `pg` or its pool, an entity manager or data source of TypeORM. */
export interface Transaction {
  query(text: string, values: unknown[]): Promise<unknown>;
}

export interface RequestOptions {
  /** The job starts then; at once if absent or past. At most a year ahead. */
  runAt?: Date;
}

/**
 * Checks a payload and asks for its job in the caller's own transaction: the job exists if and only if that commits, and
 * starts within milliseconds of it. Returns the id of the job, which is the first one's when the payload has an
 * idempotency key that was used before.
 * Throws InvalidPayloadError (the caller's fault) or the driver's error.
 */
export async function requestJob<Name extends QueueName>(
  transaction: Transaction,
  name: Name,
  payload: Payloads[Name],
  options: RequestOptions = {},
): Promise<string> {
  const data = parsePayload(contracts[name], payload);
  const answer = await transaction.query(
    "SELECT enqueue_job(queue => $1, payload => $2, run_at => $3) AS id",
    [name, JSON.stringify(data), options.runAt ?? null],
  );
  const rows: unknown = Array.isArray(answer) ? answer : Reflect.get(Object(answer), "rows");
  const [row]: unknown[] = Array.isArray(rows) ? rows : [];
  return String(Reflect.get(Object(row), "id"));
}
