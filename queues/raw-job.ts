import { isUtf8 } from "node:buffer";
import { z } from "zod";

/** Where a job can stand in Redis, by BullMQ's names: in lists and in sorted sets. */
export const rawLists = ["wait", "paused", "active"] as const;
export const rawSets = [
  "prioritized",
  "delayed",
  "waiting-children",
  "completed",
  "failed",
] as const;
export const rawStates = [...rawLists, ...rawSets] as const;
export type RawState = (typeof rawStates)[number];

/** Fields of a job's hash that decide whether BullMQ and we can make sense of it. */
export const rawFields = [
  "name",
  "data",
  "opts",
  "timestamp",
  "delay",
  "priority",
  "progress",
  "parent",
  "ats",
  "atm",
  "stc",
  "rjk",
] as const;
export type RawField = (typeof rawFields)[number];

/** An entry of a queue as it stands in Redis, before anybody tried to make sense of it. */
export interface RawJob {
  id: Buffer;
  /** Redis type of the job's key; `none` when there is no key. */
  type: string;
  /** Null where missing. A field longer than `longestFieldBytes` is cut there. */
  fields: Record<RawField, Buffer | null>;
  /** True length of the longest field in bytes. */
  longestField: number;
  /** Changes when a producer changes the job; does not when BullMQ moves it. */
  fingerprint: string;
}

/** Why a job is taken out of its queue. Reaches the ledger and metrics. */
export const rejectionReasons = [
  "FOREIGN_ENTRY",
  "JOB_WITHOUT_HASH",
  "JOB_NOT_A_HASH",
  "DATA_NOT_JSON",
  "OPTS_NOT_JSON",
  "FIELD_NOT_JSON",
  "COUNTER_INVALID",
  "REPEAT_INVALID",
  "NAME_MISSING",
  "TIMESTAMP_INVALID",
  "BACKOFF_UNKNOWN",
  "ATTEMPTS_ABSURD",
  "PRIORITY_ABSURD",
  "DELAY_ABSURD",
  "PAYLOAD_TOO_LARGE",
] as const;
export type RejectionReason = (typeof rejectionReasons)[number];

export interface Rejection {
  reason: RejectionReason;
  message: string;
}

/** Payloads name things and carry nothing: a thousandth of this is usual. */
export const longestFieldBytes = 256 * 1024;

/**
 * Reasons for which BullMQ's own reading or counting fails: such a job never reaches a worker, or never leaves it, and
 * blinds every list it is in.
 */
const unreadable: ReadonlySet<RejectionReason> = new Set([
  "JOB_NOT_A_HASH",
  "DATA_NOT_JSON",
  "OPTS_NOT_JSON",
  "FIELD_NOT_JSON",
  "COUNTER_INVALID",
  "REPEAT_INVALID",
]);
/** Reasons for which there is nothing to run. */
const empty: ReadonlySet<RejectionReason> = new Set([
  "FOREIGN_ENTRY",
  "JOB_WITHOUT_HASH",
  "NAME_MISSING",
  "TIMESTAMP_INVALID",
]);

/**
 * Why this entry does not belong into this place, or undefined when it may stay. What already runs or has ended is
 * taken out only when it blinds its neighbours: a worker judges the rest.
 */
export function rejectionOf(job: RawJob, state: RawState): Rejection | undefined {
  const rejection = judge(job);
  if (!rejection || unreadable.has(rejection.reason)) return rejection;
  // BullMQ makes another id of these bytes: no worker could ever finish it.
  if (!isUtf8(job.id)) return rejection;
  if (state === "failed" && empty.has(rejection.reason)) return rejection;
  const isPending = !["active", "completed", "failed", "waiting-children"].includes(state);
  return isPending ? rejection : undefined;
}

/** What BullMQ delivers of an entry that is no job: enough for a worker to refuse it. */
export function emptyJobRejection(
  id: string,
  name: unknown,
  timestamp: unknown,
): Rejection | undefined {
  const hasName = typeof name === "string" && name !== "";
  const hasTime = typeof timestamp === "number" && isTimestamp(String(timestamp));
  if (!hasName && !hasTime) return missingHash(id);
  if (!hasName) return nameMissing;
  return hasTime ? undefined : timestampInvalid;
}

const nameMissing: Rejection = { reason: "NAME_MISSING", message: "the job has no name" };
const timestampInvalid: Rejection = {
  reason: "TIMESTAMP_INVALID",
  message: "timestamp is no time in milliseconds",
};

function judge(job: RawJob): Rejection | undefined {
  const { name, data, timestamp } = job.fields;
  if (job.type !== "hash" && job.type !== "none") {
    return { reason: "JOB_NOT_A_HASH", message: `the job's key holds a ${job.type}` };
  }
  if (!name && !data && !timestamp) return missingHash(job.id.toString());
  if (job.longestField > longestFieldBytes) {
    const message = `a field is ${job.longestField} bytes long, at most ${longestFieldBytes} are taken`;
    return { reason: "PAYLOAD_TOO_LARGE", message };
  }
  return (
    notJson(job) ??
    noCounter(job) ??
    noRepeat(job) ??
    (name && name.length > 0 ? undefined : nameMissing) ??
    (isTimestamp(timestamp?.toString() ?? "") ? undefined : timestampInvalid) ??
    absurdOptions(job)
  );
}

/** What RQ, Celery and hand-written scripts push is a message; what is left of a lost job is an id. */
function missingHash(id: string): Rejection {
  if (/^[\w:.@/-]{1,200}$/.test(id)) {
    return { reason: "JOB_WITHOUT_HASH", message: "the list names a job that does not exist" };
  }
  const message = "a message was pushed onto the list itself; add jobs with a BullMQ client";
  return { reason: "FOREIGN_ENTRY", message };
}

function notJson({ fields }: RawJob): Rejection | undefined {
  if (!parses(fields.data)) return { reason: "DATA_NOT_JSON", message: "data is not JSON" };
  const opts = parsed(fields.opts);
  // BullMQ asks for the entries of opts, which null has not.
  if (!opts || opts.value === null) {
    return { reason: "OPTS_NOT_JSON", message: "opts is not a JSON object" };
  }
  if (!parses(fields.progress))
    return { reason: "FIELD_NOT_JSON", message: "progress is not JSON" };
  // BullMQ asks for the id of a parent when the job ends.
  const parent = parsed(fields.parent)?.value;
  if (typeof parent === "object" && parent !== null) return undefined;
  return { reason: "FIELD_NOT_JSON", message: "parent is not a JSON object" };
}

/** Redis refuses to add to what is no integer, in the middle of the script that moves the job. */
function noCounter({ fields }: RawJob): Rejection | undefined {
  const counters = ["ats", "atm", "stc"] as const;
  const broken = counters.find(
    (name) => fields[name] && !/^-?\d{1,15}$/.test(String(fields[name])),
  );
  return broken && { reason: "COUNTER_INVALID", message: `${broken} is no whole number` };
}

const repeat = z.union([
  z.looseObject({ pattern: z.string(), every: z.undefined() }),
  z.looseObject({ every: z.number().positive(), pattern: z.undefined() }),
]);

/** A job that names a scheduler of BullMQ's is not run before the scheduler's next one is added by its own options. */
function noRepeat({ fields }: RawJob): Rejection | undefined {
  if (!fields.rjk) return undefined;
  const opts = parsed(fields.opts)?.value;
  if (repeat.safeParse(Reflect.get(Object(opts), "repeat")).success) return undefined;
  return { reason: "REPEAT_INVALID", message: "opts/repeat: expected pattern or every" };
}

/** An empty field counts as missing, as in BullMQ. */
function parsed(field: Buffer | null): { value: unknown } | undefined {
  if (!field || field.length === 0) return { value: {} };
  try {
    return { value: JSON.parse(field.toString()) };
  } catch {
    return undefined;
  }
}

function parses(field: Buffer | null): boolean {
  return parsed(field) !== undefined;
}

/** Milliseconds since 1970 that a date can hold; some clients write fractions. */
function isTimestamp(text: string): boolean {
  return /^\d{1,15}(?:\.\d+)?$/.test(text) && Number(text) > 0;
}

/** The most attempts, and the longest delay in milliseconds, that anybody can mean. */
const mostAttempts = 1_000;
const longestDelayMs = 366 * 24 * 60 * 60 * 1_000;
/** BullMQ keeps priorities in 21 bits. */
const lowestPriority = 2 ** 21 - 1;

const delayMs = z.number().min(0).max(longestDelayMs);
const options = z.looseObject({
  attempts: z.int().min(0).max(mostAttempts).optional(),
  priority: z.int().min(0).max(lowestPriority).optional(),
  delay: delayMs.optional(),
  backoff: z
    .union([
      delayMs,
      z.looseObject({ type: z.enum(["fixed", "exponential"]), delay: delayMs.optional() }),
    ])
    .nullish(),
});
const reasonOf: Record<string, RejectionReason> = {
  attempts: "ATTEMPTS_ABSURD",
  priority: "PRIORITY_ABSURD",
  delay: "DELAY_ABSURD",
  backoff: "BACKOFF_UNKNOWN",
};

function absurdOptions({ fields }: RawJob): Rejection | undefined {
  const checked = options.safeParse(parsed(fields.opts)?.value);
  const issue = checked.error?.issues[0];
  if (issue) {
    const field = String(issue.path[0] ?? "");
    return {
      reason: reasonOf[field] ?? "OPTS_NOT_JSON",
      message: `opts/${issue.path.join("/")}: ${issue.message}`,
    };
  }
  const delay = Number(fields.delay ?? 0);
  if (!(delay >= 0 && delay <= longestDelayMs)) {
    return { reason: "DELAY_ABSURD", message: "delay is no time that anybody can mean" };
  }
  const priority = Number(fields.priority ?? 0);
  if (!(Number.isInteger(priority) && priority >= 0 && priority <= lowestPriority)) {
    return {
      reason: "PRIORITY_ABSURD",
      message: `priority is not between 0 and ${lowestPriority}`,
    };
  }
  return undefined;
}
