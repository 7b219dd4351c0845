import { hostname } from "node:os";
import type { JobRun } from "../entities/job-run.ts";
import type { QueueName } from "../queues/contract.ts";
import { contracts, type Payloads } from "../queues/contracts.ts";
import { InvalidPayloadError, parsePayload } from "../queues/parse-payload.ts";
import { redactData } from "../runtime/redact.ts";
import { storableData, storableId, storableText } from "../runtime/storable.ts";
import { type ClaimResult, claimJobRun } from "../tables/claims.ts";
import { usualHeartbeatMs } from "./lease.ts";
import type { Outcome } from "./outcome.ts";
import type { Services } from "./services.ts";

/** A job as the queue delivered it, without the queue. */
export interface DeliveredJob {
  id: string;
  queuedAt: Date;
  data: unknown;
  /** How often the queue had to take the job from a worker that had gone silent. */
  stalls: number;
  /** How often somebody put the job back into its queue after it had ended there. */
  retries: number;
  /**
   * BullMQ id of a job that asks for the same and was queued later. This one then ends as `done` without having run,
   * with the result `{ superseded: true, by }`: what its producer wants is done by the other.
   */
  supersededBy?: string | undefined;
  log(line: string): Promise<unknown>;
  updateProgress(progress: number): Promise<unknown>;
}

/** The name under which this process claims jobs. */
const workerName = `${hostname()}:${process.pid}`;

/** A payload that keeps its contract, or what is wrong with it. */
export type Parsed<Payload> = { payload: Payload } | { error: InvalidPayloadError };

/** First step: checks what was delivered against the contract. */
export function parse<Name extends QueueName>(name: Name, data: unknown): Parsed<Payloads[Name]> {
  try {
    return { payload: parsePayload(contracts[name], data) };
  } catch (error) {
    if (error instanceof InvalidPayloadError) return { error };
    throw error;
  }
}

/** An integer field of data that may be anything, for the ledger's columns. */
function integerField(data: unknown, field: string): number | null {
  if (typeof data !== "object" || data === null) return null;
  const value: unknown = Reflect.get(data, field);
  const fits = typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 31;
  return fits ? value : null;
}

/**
 * Second step: claims the job in the ledger, also a malformed one, so that it can be found and repaired. What looks
 * secret in its payload is not kept.
 */
export async function claim<Name extends QueueName>(
  name: Name,
  { database, heartbeatMs = usualHeartbeatMs }: Services & { heartbeatMs?: number },
  job: DeliveredJob,
  parsed: Parsed<Payloads[Name]>,
): Promise<ClaimResult> {
  const traceparent: unknown =
    typeof job.data === "object" && job.data !== null ? Reflect.get(job.data, "traceparent") : null;
  return claimJobRun(database, {
    queue: name,
    jobId: storableId(job.id),
    queuedAt: job.queuedAt,
    stalls: job.stalls,
    retries: job.retries,
    worker: workerName,
    silentMs: 2 * heartbeatMs,
    payload: redactData(storableData(job.data)),
    userId: integerField(job.data, "userId"),
    credentialId: integerField(job.data, "credentialId"),
    resourceId: integerField(job.data, "resourceId"),
    idempotencyKey: "payload" in parsed ? (parsed.payload.idempotencyKey ?? null) : null,
    traceparent: typeof traceparent === "string" ? storableText(traceparent.slice(0, 100)) : null,
  });
}

/** The outcome of a run that has ended: Redis had not been told, or the job came a second time. */
export function earlierOutcome(run: JobRun): Outcome {
  const code = run.errorCode ?? "UNKNOWN";
  const message = run.errorMessage ?? "";
  if (run.state === "done") return { kind: "done", result: run.result };
  if (run.state === "held") return { kind: "held", code, message };
  if (run.state === "failed") return { kind: "failed", code, message };
  return { kind: "give-up", code, message };
}
