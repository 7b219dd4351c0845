import type { Redis } from "ioredis";
import type { DataSource } from "typeorm";
import { type QueueName, queueNames } from "../queues/contract.ts";
import { contracts } from "../queues/contracts.ts";
import type { Queues } from "../queues/open-queues.ts";
import { InvalidPayloadError, parsePayload } from "../queues/parse-payload.ts";
import { redactData } from "../runtime/redact.ts";
import { filterKnownJobs } from "../tables/owed-jobs.ts";
import { addQueuedJobs, type QueuedJob } from "../tables/queued-jobs.ts";
import { readPlace } from "./find-jobs.ts";

/** Jobs looked at at a time: bounds the memory and how long Redis is busy. */
const pageSize = 1_000;
/** In the order in which jobs go through them, so that one that moves on meanwhile is met again. */
const places = ["delayed", "wait", "prioritized"] as const;

/**
 * Enters jobs into the ledger that producers put into Redis themselves and that wait there, and returns how many: from
 * then on they survive the loss of Redis. What is not a valid job is left to whoever judges it.
 */
export async function adoptJobs(
  database: DataSource,
  queues: Queues,
  redis: Redis,
): Promise<number> {
  let count = 0;
  for (const name of queueNames) {
    for (const place of places) {
      for await (const page of readPlace(redis, queues[name].toKey(place), pageSize)) {
        // PostgreSQL stores no NUL; a job with such an id is found by whoever looks for what is no job.
        const ids = page.filter((id) => !id.includes("\0"));
        const known = await filterKnownJobs(database, name, ids);
        const unknown = ids.filter((id) => !known.has(id));
        const found = unknown.length === 0 ? [] : await readJobs(queues, redis, name, unknown);
        if (found.length > 0) count += (await addQueuedJobs(database, name, found)).length;
      }
    }
  }
  return count;
}

async function readJobs(
  queues: Queues,
  redis: Redis,
  name: QueueName,
  ids: readonly string[],
): Promise<QueuedJob[]> {
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hmget(queues[name].toKey(id), "timestamp", "delay", "data");
  const answers = (await pipeline.exec()) ?? [];
  return ids.flatMap((id, index) => {
    const result = answers[index]?.[1];
    return describeJob(name, id, Array.isArray(result) ? result : []) ?? [];
  });
}

/** The job of a hash in Redis, or null when that is none, or none any more. */
function describeJob(
  name: QueueName,
  jobId: string,
  [timestamp, delay, text]: readonly unknown[],
): QueuedJob | null {
  if (typeof timestamp !== "string" || typeof text !== "string") return null;
  const queuedAt = new Date(Number(timestamp));
  if (Number.isNaN(queuedAt.getTime())) return null;
  const data = parseJson(text);
  try {
    const payload: Record<string, unknown> & { userId: number } = {
      ...parsePayload<{ userId: number }>(contracts[name], data),
    };
    const integer = (field: string) => (typeof payload[field] === "number" ? payload[field] : null);
    const string = (field: string) => (typeof payload[field] === "string" ? payload[field] : null);
    const delayMs = Number(delay);
    return {
      jobId,
      queuedAt,
      runAt: delayMs > 0 ? new Date(queuedAt.getTime() + delayMs) : null,
      userId: payload.userId,
      credentialId: integer("credentialId"),
      resourceId: integer("resourceId"),
      idempotencyKey: string("idempotencyKey"),
      traceparent: string("traceparent"),
      payload: redactData(data),
    };
  } catch (error) {
    if (error instanceof InvalidPayloadError) return null;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
