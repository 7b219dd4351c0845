import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import express, {
  type ErrorRequestHandler,
  type RequestHandler,
  type Response,
  type Router,
} from "express";
import { type DataSource, QueryFailedError } from "typeorm";
import { type QueueName, queueNames } from "../queues/contract.ts";
import { contracts } from "../queues/contracts.ts";
import { payloadJsonSchema } from "../queues/json-schema.ts";
import { InvalidPayloadError, parsePayload } from "../queues/parse-payload.ts";
import { requestJob } from "../queues/request-job.ts";
import { storableId } from "../runtime/storable.ts";
import { outcomeOf } from "../tables/job-outcome.ts";
import { findJobRun } from "../tables/job-runs.ts";

export interface JobsServices {
  database: DataSource;
  /** `API_TOKEN`; nobody can enqueue over HTTP without one. */
  token: string | undefined;
}

/** Payloads are references, not data; the contract's largest is far smaller. */
const largestPayload = "64kb";

/**
 * The HTTP front door: `POST /v1/jobs/:queue` asks for a job, `GET /v1/jobs/:queue/:id` tells how it stands, both with
 * `Authorization: Bearer <API_TOKEN>`; `GET /v1/schemas/:queue` is for everybody. Problems are RFC 9457 documents.
 */
export function jobsRouter({ database, token }: JobsServices): Router {
  const router = express.Router();
  router.get("/v1/schemas/:queue", (request, response) => {
    const queue = queueOf(request, response);
    if (queue) response.json(payloadJsonSchema(queue));
  });
  router.use("/v1/jobs", requireToken(token));
  router.post("/v1/jobs/:queue", express.json({ limit: largestPayload }), addition(database));
  router.get("/v1/jobs/:queue/:id", standing(database));
  router.use("/v1/jobs", refusal);
  return router;
}

function requireToken(token: string | undefined): RequestHandler {
  // Digests have one length whatever is compared; the key keeps them from being computed elsewhere.
  const key = randomBytes(32);
  const digest = (text: string) => createHmac("sha256", key).update(text).digest();
  return (request, response, next) => {
    const given = /^Bearer +(\S+)$/i.exec(request.get("authorization") ?? "")?.[1];
    if (token !== undefined && given && timingSafeEqual(digest(given), digest(token))) {
      next();
      return;
    }
    response.set("www-authenticate", 'Bearer realm="multicloud-workers"');
    const detail = token === undefined ? "API_TOKEN is not set" : "send the token as Bearer";
    problem(response, 401, "UNAUTHORIZED", detail);
  };
}

function addition(database: DataSource): RequestHandler<{ queue: string }> {
  return async (request, response) => {
    const queue = queueOf(request, response);
    if (queue) await addJob(database, queue, request.body, response);
  };
}

function standing(database: DataSource): RequestHandler<{ queue: string; id: string }> {
  return async (request, response) => {
    const queue = queueOf(request, response);
    if (queue) await showJob(database, queue, request.params.id, response);
  };
}

function queueOf(
  request: { params: { queue: string } },
  response: Response,
): QueueName | undefined {
  const queue = queueNames.find((name) => name === request.params.queue);
  if (!queue) problem(response, 404, "UNKNOWN_QUEUE", `expected one of ${queueNames.join(", ")}`);
  return queue;
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- it ties the contract to its own payload
async function addJob<Name extends QueueName>(
  database: DataSource,
  queue: Name,
  body: unknown,
  response: Response,
): Promise<void> {
  try {
    const payload = parsePayload(contracts[queue], body);
    const jobId = await requestJob(database, queue, payload);
    response.status(202).location(`/v1/jobs/${queue}/${jobId}`).json({ jobId, outcome: "queued" });
  } catch (error) {
    if (error instanceof InvalidPayloadError) {
      problem(response, 400, error.code, error.message, { path: error.path });
    } else if (isRefused(error)) problem(response, 400, "INVALID_PAYLOAD", error.message);
    else throw error;
  }
}

/** `enqueue_job` finds fault with what no schema says, such as the size of the payload as PostgreSQL writes it. */
function isRefused(error: unknown): error is QueryFailedError {
  return error instanceof QueryFailedError && Reflect.get(error.driverError, "code") === "22023";
}

/** What express itself refuses, such as text that is no JSON, in the same words as the rest. */
const refusal: ErrorRequestHandler = (error: unknown, _, response, next) => {
  const status: unknown = error instanceof Error ? Reflect.get(error, "status") : undefined;
  if (!(error instanceof Error && typeof status === "number" && status >= 400 && status < 500)) {
    next(error);
    return;
  }
  const code = status === 413 ? "PAYLOAD_TOO_LARGE" : "INVALID_PAYLOAD";
  problem(response, status, code, error.message);
};

async function showJob(
  database: DataSource,
  queue: QueueName,
  jobId: string,
  response: Response,
): Promise<void> {
  const run = await findJobRun(database, queue, storableId(jobId));
  if (!run) {
    problem(response, 404, "UNKNOWN_JOB", `the ledger knows no ${queue} job ${jobId}`);
    return;
  }
  response.json(outcomeOf(jobId, run));
}

/** A problem document (RFC 9457) with our stable code. */
function problem(
  response: Response,
  status: number,
  code: string,
  detail: string,
  more: Record<string, string> = {},
): void {
  response
    .status(status)
    .type("application/problem+json")
    .send({ status, code, detail, ...more });
}
