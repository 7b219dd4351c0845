import type { Redis } from "ioredis";
import type { QueueName } from "./contract.ts";
import {
  longestFieldBytes,
  type RawField,
  type RawJob,
  type RawState,
  rawFields,
  rawLists,
  rawSets,
  rawStates,
} from "./raw-job.ts";

/**
 * What a producer wrote, as one number: not what BullMQ writes while it moves the job (delay, attempts, stalls). The
 * length of each field stands before it, so that bytes cannot wander from one field to the next unseen.
 */
const fingerprint = `
local function fingerprint(key, type)
  if type ~= 'hash' and type ~= 'none' then return type end
  local text = ''
  if type == 'hash' then
    for _, value in ipairs(redis.call('HMGET', key, 'name', 'data', 'opts', 'timestamp', 'parent')) do
      text = text .. (value and (#value .. ':' .. value) or '-')
    end
  else
    text = '-----'
  end
  return redis.sha1hex(text)
end`;

const luaNames = (names: readonly string[]): string => `{'${names.join("','")}'}`;

/** KEYS: the queue's key prefix. ARGV: place, LRANGE or ZRANGE, first and last rank, longest field, fields. */
const readPage = `${fingerprint}
local longest = tonumber(ARGV[5])
local jobs = {}
for _, id in ipairs(redis.call(ARGV[2], KEYS[1] .. ARGV[1], ARGV[3], ARGV[4])) do
  local key = KEYS[1] .. id
  local type = redis.call('TYPE', key)['ok']
  local job = { id, type, fingerprint(key, type), 0 }
  for field = 6, #ARGV do
    local value = type == 'hash' and redis.call('HGET', key, ARGV[field])
    if value then
      job[4] = math.max(job[4], #value)
      value = string.sub(value, 1, longest)
    end
    job[field - 1] = value
  end
  jobs[#jobs + 1] = job
end
return jobs`;

/**
 * Takes one entry out of every place it may have got to since it was read, unless somebody has changed it meanwhile.
 * A place that somebody overwrote with another type holds no entries (pcall).
 * KEYS: the queue's key prefix. ARGV: id, fingerprint.
 */
const removeEntry = `${fingerprint}
local prefix, id = KEYS[1], ARGV[1]
local key = prefix .. id
local type = redis.call('TYPE', key)['ok']
if fingerprint(key, type) ~= ARGV[2] then return 0 end
for _, list in ipairs(${luaNames(rawLists)}) do redis.pcall('LREM', prefix .. list, 0, id) end
for _, set in ipairs(${luaNames(rawSets)}) do redis.pcall('ZREM', prefix .. set, id) end
redis.pcall('SREM', prefix .. 'stalled', id)
local deduplication = type == 'hash' and redis.call('HGET', key, 'deid')
if deduplication and redis.call('GET', prefix .. 'de:' .. deduplication) == id then
  redis.call('DEL', prefix .. 'de:' .. deduplication)
end
redis.call('DEL', key, key .. ':lock', key .. ':logs', key .. ':dependencies', key .. ':processed', key .. ':failed',
           key .. ':unsuccessful')
redis.call('XADD', prefix .. 'events', '*', 'event', 'removed', 'jobId', id, 'prev', 'rejected')
return 1`;

/** Names that BullMQ uses below a queue's prefix; taken for ids of jobs they would let us delete the queue itself. */
const ownKeys = new Set<string>([
  ...rawStates,
  "id",
  "meta",
  "marker",
  "events",
  "stalled",
  "stalled-check",
  "limiter",
  "pc",
  "repeat",
  "",
]);

const ownKeyShape =
  /^(?:de|dn|metrics):|^repeat:[^:]*$|:(?:lock|logs|dependencies|processed|failed|unsuccessful)$/;

function isOwnKey(id: string): boolean {
  return ownKeys.has(id) || ownKeyShape.test(id);
}

function isList(state: RawState): boolean {
  return rawLists.some((list) => list === state);
}

export interface RawPage {
  jobs: RawJob[];
  /** Whether the place ends with this page. */
  isLast: boolean;
}

/** A queue below BullMQ: its raw entries. */
export class RawQueue {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor(redis: Redis, prefix: string, name: QueueName) {
    this.#redis = redis;
    this.#prefix = `${prefix}:${name}:`;
  }

  /** Reads `count` entries of a place from rank `from` on, each with its key at the same moment. */
  async read(state: RawState, from: number, count: number): Promise<RawPage> {
    const command = isList(state) ? "LRANGE" : "ZRANGE";
    const place = [state, command, from, from + count - 1, longestFieldBytes];
    const page = await this.#redis.callBuffer("EVAL", [
      readPage,
      1,
      this.#prefix,
      ...place,
      ...rawFields,
    ]);
    const jobs = Array.isArray(page) ? page.map(toRawJob) : [];
    return { jobs: jobs.filter((job) => !isMarker(job.id)), isLast: jobs.length < count };
  }

  /**
   * Removes an entry and all its keys from wherever it stands now. False when it was changed since it was read. An
   * id that is the name of one of the queue's own keys only leaves its list.
   */
  async remove(job: Pick<RawJob, "id" | "fingerprint">, state: RawState): Promise<boolean> {
    if (isOwnKey(job.id.toString())) return this.#unlist(job.id, state);
    const removed = await this.#redis.callBuffer("EVAL", [
      removeEntry,
      1,
      this.#prefix,
      job.id,
      job.fingerprint,
    ]);
    return removed === 1;
  }

  async #unlist(id: Buffer, state: RawState): Promise<boolean> {
    const key = `${this.#prefix}${state}`;
    return (await (isList(state) ? this.#redis.lrem(key, 0, id) : this.#redis.zrem(key, id))) > 0;
  }
}

/** Older BullMQ clients keep `0:<time>` on the list to wake workers. */
function isMarker(id: Buffer): boolean {
  return /^0:\d*$/.test(id.toString("latin1"));
}

function toRawJob(entry: unknown): RawJob {
  const [id, type, print, longestField, ...values]: unknown[] = Array.isArray(entry) ? entry : [];
  const fields: Partial<Record<RawField, Buffer | null>> = {};
  for (const [rank, field] of rawFields.entries()) {
    const value = values[rank];
    fields[field] = Buffer.isBuffer(value) ? value : null;
  }
  return {
    id: Buffer.isBuffer(id) ? id : Buffer.alloc(0),
    type: String(type),
    fields: {
      name: null,
      data: null,
      opts: null,
      timestamp: null,
      delay: null,
      priority: null,
      progress: null,
      parent: null,
      ats: null,
      atm: null,
      stc: null,
      rjk: null,
      ...fields,
    },
    longestField: Number(longestField),
    fingerprint: String(print),
  };
}
