import type { DataSource } from "typeorm";
import type { Schedule } from "../entities/schedule.ts";
import type { QueueName } from "../queues/contract.ts";
import { contracts } from "../queues/contracts.ts";
import { enqueueAll } from "../queues/enqueue.ts";
import type { Queues } from "../queues/open-queues.ts";
import { parsePayload } from "../queues/parse-payload.ts";
import {
  type ActiveCredential,
  type FanOutScope,
  pageActiveCredentials,
} from "../tables/credentials.ts";
import { pageActiveResources } from "../tables/resources.ts";
import { type Slot, slotJobId, startTime } from "./slots.ts";

export interface FanOutServices {
  database: DataSource;
  queues: Queues;
}

/** What of a schedule decides on its jobs. */
export type FanOutOrder = Pick<Schedule, "id" | "userId" | "credentialId" | "payload">;

/** Credentials or resources read and jobs added at a time. */
const pageSize = 1_000;

/**
 * Enqueues the jobs of one slot, one per active credential that the kind concerns, or per active resource for Terraform,
 * and returns how many are due. Any number of replicas may do so, at once or one after the other, and repeat it after a
 * failure: each job exists once. The jobs of all users are spread over the time to the next slot; those of one user or
 * credential start at the slot. Throws what PostgreSQL or Redis throws when they cannot be reached; the pages before are
 * enqueued by then.
 */
export async function fanOut(
  name: QueueName,
  order: FanOutOrder,
  slot: Slot,
  { database, queues }: FanOutServices,
): Promise<number> {
  const isSpread = order.userId === null && order.credentialId === null;
  let due = 0;
  let lastId = 0;
  for (;;) {
    const page = await pageSubjects(name, database, lastId, order);
    const jobs = page.concerned.map((subject) => {
      const start = isSpread ? startTime(name, subject.id, slot) : slot.at;
      return {
        payload: payloadOf(name, order.payload, subject),
        options: { jobId: slotJobId(name, order.id, subject.id, slot), delayMs: delayMs(start) },
      };
    });
    if (jobs.length > 0) await enqueueAll(queues[name], name, jobs);
    due += jobs.length;
    if (page.lastId === null) return due;
    lastId = page.lastId;
  }
}

interface Subject {
  id: number;
  userId: number;
}

interface Page {
  concerned: Subject[];
  /** Null when there are no more. */
  lastId: number | null;
}

async function pageSubjects(
  name: QueueName,
  database: DataSource,
  afterId: number,
  scope: FanOutScope,
): Promise<Page> {
  if (name === "terraform-apply") {
    const resources = await pageActiveResources(database, afterId, pageSize, scope);
    return { concerned: resources, lastId: lastIdOf(resources) };
  }
  const credentials = await pageActiveCredentials(database, afterId, pageSize, scope);
  const concerned = credentials.filter((credential) => concerns(name, credential));
  return { concerned, lastId: lastIdOf(credentials) };
}

function lastIdOf(page: readonly Subject[]): number | null {
  return page.length < pageSize ? null : (page.at(-1)?.id ?? null);
}

/** Only AWS tells costs without being told where they lie (Cost Explorer). */
function concerns(name: QueueName, credential: ActiveCredential): boolean {
  return name !== "cost-ingest" || credential.provider === "aws" || credential.hasCostSource;
}

function payloadOf<Name extends QueueName>(
  name: Name,
  extras: Record<string, unknown>,
  { id, userId }: Subject,
) {
  const subject = name === "terraform-apply" ? { resourceId: id } : { credentialId: id };
  return parsePayload(contracts[name], { ...extras, userId, ...subject });
}

/** Measured from now by the clock that also stamps the job, so that a clock that is wrong does not move the start. */
function delayMs(start: Date): number {
  return Math.max(0, start.getTime() - Date.now());
}
