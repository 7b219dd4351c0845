import { z } from "zod";

/** The four kinds of jobs; also the names of their BullMQ queues. */
export const queueNames = ["sync", "cost-ingest", "health-check", "terraform-apply"] as const;
export type QueueName = (typeof queueNames)[number];

/** Queues that run one job per credential at a time, and of several alike that wait only the newest. */
export const exclusiveQueues: ReadonlySet<QueueName> = new Set(["sync", "cost-ingest"]);

/** What every producer and every worker agree on for one kind of job. */
export interface JobContract<Payload> {
  name: QueueName;
  /** One line for people, also in the generated JSON Schema. */
  description: string;
  payload: z.ZodType<Payload>;
  /** How often a job is tried when the reason to fail may pass by itself. */
  attempts: number;
  /** The first wait between attempts and the longest, in milliseconds; doubled each time, with jitter. */
  backoff: { baseMs: number; capMs: number };
  /** A job that runs longer is aborted and counts as a failed attempt. */
  timeoutMs: number;
  /** Jobs that one worker process runs at once unless configured otherwise. */
  concurrency: number;
}

/** The payload version this code speaks. Additions are not a new version; changed meanings are. */
export const payloadVersion = 1;

/** What PostgreSQL or a terminal cannot take: control characters, and halves of characters. */
// oxlint-disable-next-line no-control-regex -- \p{Cc} is unknown to other languages that read the JSON Schema
const printable = /^[^\u0000-\u001f\u007f-\u009f\ud800-\udfff]*$/u;

const positiveInteger = (description: string) =>
  z
    .int({ error: "expected a positive integer" })
    .positive({ error: "expected a positive integer" })
    .max(2_147_483_647, { error: "expected an integer of at most 2147483647" })
    .describe(description);

/** Fields of every payload. */
export const commonFields = {
  v: z
    .literal(payloadVersion, { error: `expected ${payloadVersion}` })
    .optional()
    .describe("Version of the payload; 1 if absent."),
  userId: positiveInteger("users.id of the user the job works for."),
  idempotencyKey: z
    .string({ error: "expected a string" })
    .min(1, { error: "expected 1 to 200 characters" })
    .max(200, { error: "expected 1 to 200 characters" })
    .regex(printable, { error: "expected no control characters" })
    .optional()
    .describe("Two jobs of one queue and user with the same key are one job."),
  traceparent: z
    .string({ error: "expected a W3C traceparent" })
    .regex(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/, {
      error: "expected a W3C traceparent",
    })
    .optional()
    .describe("W3C trace context of the producer."),
};

export const credentialId = positiveInteger("credentials.id; must belong to the user.");
export const resourceId = positiveInteger("resources.id; must belong to the user.");

/** A day, `YYYY-MM-DD`. */
export const day = z.iso.date({ error: "expected a date YYYY-MM-DD" });

/** Names that narrow a job, such as regions. */
export const names = z
  .array(
    z
      .string({ error: "expected a string" })
      .min(1)
      .regex(printable, { error: "expected no control characters" }),
    { error: "expected an array of strings" },
  )
  .min(1, { error: "expected at least one entry" });
