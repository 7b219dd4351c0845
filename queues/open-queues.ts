import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { type QueueName, queueNames } from "./contract.ts";
import { eventStreamLength, retention } from "./retention.ts";

export type Queues = Record<QueueName, Queue>;

/**
 * Opens every queue for adding and inspecting. `prefix` is the key prefix in Redis; `bull` is what clients in other
 * languages use by default. The caller closes each queue and the connection.
 */
export function openQueues(
  connection: Redis,
  prefix: string,
  onError: (error: Error) => void,
): Queues {
  const open = (name: QueueName) => {
    const queue = new Queue(name, {
      connection,
      prefix,
      defaultJobOptions: retention,
      streams: { events: { maxLen: eventStreamLength } },
    });
    queue.on("error", onError);
    return queue;
  };
  return {
    sync: open("sync"),
    "cost-ingest": open("cost-ingest"),
    "health-check": open("health-check"),
    "terraform-apply": open("terraform-apply"),
  };
}

/**
 * Closes every queue; the connection stays the caller's. Without Redis there is nothing to close: a queue would wait
 * for it.
 */
export async function closeQueues(queues: Queues): Promise<void> {
  const { connection } = queues.sync.opts;
  if (connection instanceof Redis && connection.status !== "ready") return;
  await Promise.all(queueNames.map(async (name) => queues[name].close()));
}
