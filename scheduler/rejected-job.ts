import type { QueueName } from "../queues/contract.ts";
import type { RawJob, Rejection } from "../queues/raw-job.ts";
import { redactData, redactRawText } from "../runtime/redact.ts";
import { storableBytes, storableData, storableId } from "../runtime/storable.ts";
import type { RejectedJob } from "../tables/rejected-jobs.ts";

/** How much of each field is kept, in bytes: enough to repair by hand, little enough for a thousand of them. */
const longestKeptField = 16 * 1024;

/** A rejected job as the ledger keeps it: secrets taken out, long fields cut, every byte in a form that can be stored. */
export function toRejectedJob(queue: QueueName, job: RawJob, rejection: Rejection): RejectedJob {
  const data = parse(job.fields.data ?? job.id);
  return {
    queue,
    jobId: storableId(redactRawText(job.id.toString())),
    queuedAt: timeOf(job.fields.timestamp),
    reason: rejection.reason,
    message: rejection.message,
    payload: data ?? null,
    raw: describe(job),
    userId: userIdOf(data),
  };
}

/** What is not JSON, or too long to keep whole, is not kept as a payload: the raw text shows it. */
function parse(bytes: Buffer): unknown {
  if (bytes.length > longestKeptField) return undefined;
  try {
    return redactData(storableData(JSON.parse(bytes.toString())));
  } catch {
    return undefined;
  }
}

function describe(job: RawJob): string {
  const fields = Object.entries({ id: job.id, ...job.fields });
  const lines = fields.flatMap(([name, value]) => (value ? [`${name}: ${readable(value)}`] : []));
  return lines.join("\n");
}

function readable(bytes: Buffer): string {
  const kept = bytes.subarray(0, longestKeptField);
  const cut = bytes.length - kept.length;
  const text = redactRawText(storableBytes(kept));
  return cut > 0 ? `${text}… (${cut} bytes more)` : text;
}

function timeOf(timestamp: Buffer | null): Date | null {
  const time = new Date(Math.round(Number(timestamp?.toString() ?? Number.NaN)));
  const isKnown = !Number.isNaN(time.getTime()) && time.getTime() > 0;
  return isKnown ? time : null;
}

function userIdOf(data: unknown): number | null {
  if (typeof data !== "object" || data === null) return null;
  const value: unknown = Reflect.get(data, "userId");
  const fits = typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 31;
  return fits ? value : null;
}
