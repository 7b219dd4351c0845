import type { Redis } from "ioredis";
import type { RejectionReason } from "../../queues/raw-job.ts";

/** Writes into a queue behind BullMQ's back; `prefix` ends with the queue's name and a colon. */
export interface MalformedJob {
  title: string;
  id: string | Buffer;
  reason: RejectionReason;
  write(redis: Redis, prefix: string): Promise<unknown>;
}

const good = {
  name: "sync",
  data: '{"userId":1,"credentialId":2}',
  opts: "{}",
  timestamp: "1763856000000",
  delay: "0",
  priority: "0",
};
type Fields = Partial<
  Record<
    keyof typeof good | "progress" | "parent" | "ats" | "atm" | "stc" | "rjk",
    string | Buffer | null
  >
>;

/** A job hash with some fields spoilt, or left out by null, in one of the places. */
function hash(id: string, changes: Fields, place: "wait" | "prioritized" | "delayed" = "wait") {
  return async (redis: Redis, prefix: string): Promise<unknown> => {
    const fields = Object.entries({ ...good, ...changes }).flatMap(([name, value]) =>
      value === null || value === undefined ? [] : [name, value],
    );
    if (fields.length > 0) await redis.hset(`${prefix}${id}`, ...fields);
    if (place === "wait") return redis.lpush(`${prefix}wait`, id);
    return redis.zadd(`${prefix}${place}`, Date.now() * 4096 * 2, id);
  };
}

const push = (id: string | Buffer) => async (redis: Redis, prefix: string) =>
  redis.lpush(`${prefix}wait`, id);

const pickle = Buffer.from([0x78, 0x9c, 0x00, 0xff, 0xfe, 0x80, 0x04, 0x95]);
const rq = '{"userId":1,"credentialId":2,"password":"hunter2"}';
const celery = JSON.stringify({ body: "W10=", headers: { lang: "py", task: "sync" } });
const nul = "a\0b";

const dataNotJson = "DATA_NOT_JSON" as const;
const optsNotJson = "OPTS_NOT_JSON" as const;

/** The shapes that foreign producers and bad days have brought. */
export const malformedJobs: readonly MalformedJob[] = [
  {
    title: "data that is cut off",
    id: "cut",
    reason: dataNotJson,
    write: hash("cut", { data: '{"userId":1,' }),
  },
  {
    title: "data written by Python's str()",
    id: "py",
    reason: dataNotJson,
    write: hash("py", { data: "{'userId': 1, 'token': 'abc'}" }),
  },
  {
    title: "data that is binary",
    id: "bin",
    reason: dataNotJson,
    write: hash("bin", { data: pickle }),
  },
  {
    title: "data with a NUL byte",
    id: "nul",
    reason: dataNotJson,
    write: hash("nul", { data: '{"a":"\0"}' }),
  },
  {
    title: "opts that are cut off",
    id: "opts",
    reason: optsNotJson,
    write: hash("opts", { opts: '{"attempts":' }),
  },
  {
    title: "opts that are null",
    id: "null",
    reason: optsNotJson,
    write: hash("null", { opts: "null" }),
  },
  {
    title: "progress that is not JSON",
    id: "progress",
    reason: "FIELD_NOT_JSON",
    write: hash("progress", { progress: "half" }),
  },
  {
    title: "data that is not JSON, delayed",
    id: "later",
    reason: dataNotJson,
    write: hash("later", { data: "later" }, "delayed"),
  },
  {
    title: "data that is not JSON, prioritized",
    id: "first",
    reason: dataNotJson,
    write: hash("first", { data: "{" }, "prioritized"),
  },
  {
    title: "a message pushed onto the list, as RQ does",
    id: rq,
    reason: "FOREIGN_ENTRY",
    write: push(rq),
  },
  {
    title: "a message of Celery",
    id: celery,
    reason: "FOREIGN_ENTRY",
    write: push(celery),
  },
  {
    title: "a pickled message",
    id: pickle,
    reason: "FOREIGN_ENTRY",
    write: push(pickle),
  },
  {
    title: "a message with a NUL byte",
    id: nul,
    reason: "FOREIGN_ENTRY",
    write: push(nul),
  },
  {
    title: "a message of 5,000 characters",
    id: `{${"x".repeat(5_000)}`,
    reason: "FOREIGN_ENTRY",
    write: push(`{${"x".repeat(5_000)}`),
  },
  {
    title: "an id without a hash",
    id: "ghost",
    reason: "JOB_WITHOUT_HASH",
    write: push("ghost"),
  },
  {
    title: "a key that is a string",
    id: "text",
    reason: "JOB_NOT_A_HASH",
    write: async (redis, prefix) => {
      await redis.set(`${prefix}text`, "{}");
      return redis.lpush(`${prefix}wait`, "text");
    },
  },
  {
    title: "a job without a name",
    id: "nameless",
    reason: "NAME_MISSING",
    write: hash("nameless", { name: null }),
  },
  {
    title: "a job without a time",
    id: "timeless",
    reason: "TIMESTAMP_INVALID",
    write: hash("timeless", { timestamp: "soon" }),
  },
  {
    title: "a counter of starts that is text",
    id: "starts",
    reason: "COUNTER_INVALID",
    write: hash("starts", { ats: "often" }),
  },
  {
    title: "a counter of attempts that is text",
    id: "ends",
    reason: "COUNTER_INVALID",
    write: hash("ends", { atm: "1.5" }),
  },
  {
    title: "a counter of stalls that is text",
    id: "stalls",
    reason: "COUNTER_INVALID",
    write: hash("stalls", { stc: "" }),
  },
  {
    title: "a parent that is null",
    id: "orphan",
    reason: "FIELD_NOT_JSON",
    write: hash("orphan", { parent: "null" }),
  },
  {
    title: "a scheduler's job that does not say how it repeats",
    id: "again",
    reason: "REPEAT_INVALID",
    write: hash("again", { rjk: "nightly", opts: '{"repeat":{}}' }),
  },
  {
    title: "an unknown kind of backoff",
    id: "backoff",
    reason: "BACKOFF_UNKNOWN",
    write: hash("backoff", { opts: '{"attempts":3,"backoff":{"type":"fibonacci","delay":5}}' }),
  },
  {
    title: "attempts that are text",
    id: "attempts",
    reason: "ATTEMPTS_ABSURD",
    write: hash("attempts", { opts: '{"attempts":"many"}' }),
  },
  {
    title: "a priority out of range",
    id: "priority",
    reason: "PRIORITY_ABSURD",
    write: hash("priority", { opts: '{"priority":-7}' }, "prioritized"),
  },
  {
    title: "a delay of a thousand years",
    id: "delay",
    reason: "DELAY_ABSURD",
    write: hash("delay", { delay: "31536000000000" }, "delayed"),
  },
  {
    title: "a payload of a megabyte",
    id: "large",
    reason: "PAYLOAD_TOO_LARGE",
    write: hash("large", { data: `{"userId":1,"note":"${"y".repeat(1_000_000)}"}` }),
  },
];

/** Fields of a job that a worker takes, for tests that spoil one. */
export const goodFields = good;
