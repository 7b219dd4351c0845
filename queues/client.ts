// What other services import: `import { enqueue } from "multicloud-workers"`.
export { payloadVersion, type QueueName, queueNames } from "./contract.ts";
export type { Payloads } from "./contracts.ts";
export { type EnqueueOptions, enqueue, idempotentJobId } from "./enqueue.ts";
export { payloadJsonSchema } from "./json-schema.ts";
export { closeQueues, openQueues, type Queues } from "./open-queues.ts";
export { type InvalidPayloadCode, InvalidPayloadError } from "./parse-payload.ts";
export { type RequestOptions, requestJob, type Transaction } from "./request-job.ts";
