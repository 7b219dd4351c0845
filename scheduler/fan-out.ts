import type { DataSource } from "typeorm";
import { enqueueAll } from "../queues/enqueue.ts";
import type { Queues } from "../queues/open-queues.ts";
import { type ActiveCredential, pageActiveCredentials } from "../tables/credentials.ts";
import { type Slot, slotJobId, startTime } from "./slots.ts";

/** The kinds of jobs that the clock starts. */
export const scheduledQueues = ["sync", "cost-ingest", "health-check"] as const;
export type ScheduledQueue = (typeof scheduledQueues)[number];

export interface FanOutServices {
  database: DataSource;
  queues: Queues;
}

/** Credentials read and jobs added at a time. */
const pageSize = 1_000;

/**
 * Enqueues the jobs of one slot, one per active credential that the kind concerns, and returns how many are due. Any
 * number of replicas may do so, at once or one after the other, and repeat it after a failure: each job exists once.
 * Throws what PostgreSQL or Redis throws when they cannot be reached; the pages before are enqueued by then.
 */
export async function fanOut(
  name: ScheduledQueue,
  slot: Slot,
  { database, queues }: FanOutServices,
): Promise<number> {
  let due = 0;
  let lastId = 0;
  for (;;) {
    const page = await pageActiveCredentials(database, lastId, pageSize);
    const concerned = page.filter((credential) => concerns(name, credential));
    const jobs = concerned.map(({ id, userId }) => ({
      payload: { userId, credentialId: id },
      options: { jobId: slotJobId(name, id, slot), delayMs: delayMs(startTime(name, id, slot)) },
    }));
    if (jobs.length > 0) await enqueueAll(queues[name], name, jobs);
    due += jobs.length;
    const last = page.at(-1);
    if (page.length < pageSize || !last) return due;
    lastId = last.id;
  }
}

/** Only AWS tells costs without being told where they lie (Cost Explorer). */
function concerns(name: ScheduledQueue, credential: ActiveCredential): boolean {
  return name !== "cost-ingest" || credential.provider === "aws" || credential.hasCostSource;
}

/** Measured from now, so that a replica that is late asks for the same start as the others. */
function delayMs(start: Date): number {
  return Math.max(0, start.getTime() - Date.now());
}
