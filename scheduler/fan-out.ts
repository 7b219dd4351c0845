import type { EntityManager } from "typeorm";
import type { Schedule } from "../entities/schedule.ts";
import type { QueueName } from "../queues/contract.ts";
import { contracts } from "../queues/contracts.ts";
import { parsePayload } from "../queues/parse-payload.ts";
import {
  type ActiveCredential,
  type FanOutScope,
  pageActiveCredentials,
} from "../tables/credentials.ts";
import { requestJobs } from "../tables/job-requests.ts";
import type { QueuedJob } from "../tables/queued-jobs.ts";
import { pageActiveResources } from "../tables/resources.ts";
import { type Slot, slotJobId, startTime } from "./slots.ts";

/** What of a schedule decides on its jobs. */
export type FanOutOrder = Pick<Schedule, "id" | "userId" | "credentialId" | "payload">;

/** Credentials or resources read and jobs requested at a time. */
const pageSize = 1_000;

/**
 * Requests the jobs of one slot, one per active credential that the kind concerns, or per active resource for Terraform,
 * and returns how many are due. They are in the ledger and the outbox when the transaction of the manager commits. Any
 * number of replicas may do so, at once or one after the other: each job exists once. The jobs of all users are spread
 * over the time to the next slot; those of one user or credential start at the slot. Throws what PostgreSQL throws.
 */
export async function fanOut(
  name: QueueName,
  order: FanOutOrder,
  slot: Slot,
  manager: EntityManager,
): Promise<number> {
  const isSpread = order.userId === null && order.credentialId === null;
  let due = 0;
  let lastId = 0;
  for (;;) {
    const page = await pageSubjects(name, manager, lastId, order);
    const jobs = page.concerned.map((subject) => ({
      ...describeJob(name, order.payload, subject),
      jobId: slotJobId(name, order.id, subject.id, slot),
      queuedAt: slot.at,
      runAt: isSpread ? startTime(name, subject.id, slot) : slot.at,
    }));
    await requestJobs(manager, name, jobs);
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
  manager: EntityManager,
  afterId: number,
  scope: FanOutScope,
): Promise<Page> {
  if (name === "terraform-apply") {
    const resources = await pageActiveResources(manager, afterId, pageSize, scope);
    return { concerned: resources, lastId: lastIdOf(resources) };
  }
  const credentials = await pageActiveCredentials(manager, afterId, pageSize, scope);
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

function describeJob(
  name: QueueName,
  extras: Record<string, unknown>,
  { id, userId }: Subject,
): Omit<QueuedJob, "jobId" | "queuedAt" | "runAt"> {
  const [credentialId, resourceId] = name === "terraform-apply" ? [null, id] : [id, null];
  const subject = resourceId === null ? { credentialId } : { resourceId };
  const payload = parsePayload<object>(contracts[name], { ...extras, userId, ...subject });
  return { userId, credentialId, resourceId, idempotencyKey: null, traceparent: null, payload };
}
