import { misfirePolicies, type Schedule } from "../entities/schedule.ts";
import { type QueueName, queueNames } from "../queues/contract.ts";
import { contracts } from "../queues/contracts.ts";
import { InvalidPayloadError, parsePayload } from "../queues/parse-payload.ts";
import { cronProblem } from "../runtime/cron-expression.ts";
import { timeZoneProblem } from "./wall-clock.ts";

/** What a schedule may be for instead of a queue: old jobs are forgotten by the scheduler itself. */
export const retention = "retention";

/** Everything a schedule may be for. */
export const scheduleTargets = [...queueNames, retention] as const;
export type ScheduleTarget = (typeof scheduleTargets)[number];

/** What people decide about a schedule. */
export type ScheduleTerms = Pick<
  Schedule,
  | "name"
  | "queue"
  | "cron"
  | "timeZone"
  | "userId"
  | "credentialId"
  | "payload"
  | "misfire"
  | "catchUp"
  | "isEnabled"
>;

/** A schedule cannot be as it was written. The fault of who wrote it; `field` is the column. */
export class ScheduleError extends Error {
  override readonly name = "ScheduleError";
  readonly code = "SCHEDULE_INVALID";
  readonly field: string;

  constructor(field: string, problem: string) {
    super(`${field}: ${problem}`);
    this.field = field;
  }
}

/** More slots than that are no catching up but a load of its own. */
const mostSlotsToCatchUp = 100;

/** Fields that fan-out sets itself, or that would make all jobs of a schedule one. */
const ownFields = ["userId", "credentialId", "resourceId", "idempotencyKey", "traceparent"];

/** Checks the terms of a schedule and returns what it is for. Throws ScheduleError that names the first wrong column. */
export function checkSchedule(terms: ScheduleTerms): ScheduleTarget {
  const { name, cron, timeZone, misfire, catchUp } = terms;
  if (!/^[\w.-]{1,100}$/.test(name)) {
    throw new ScheduleError("name", "expected 1 to 100 letters, digits, dots, dashes, underscores");
  }
  const target = scheduleTargets.find((known) => known === terms.queue);
  if (!target) throw new ScheduleError("queue", `expected one of ${scheduleTargets.join(", ")}`);
  const cronWrong = cron.length > 200 ? "expected at most 200 characters" : cronProblem(cron);
  if (cronWrong) throw new ScheduleError("cron", cronWrong);
  const zoneWrong = timeZoneProblem(timeZone);
  if (zoneWrong) throw new ScheduleError("time_zone", zoneWrong);
  if (!misfirePolicies.includes(misfire)) {
    throw new ScheduleError("misfire", `expected one of ${misfirePolicies.join(", ")}`);
  }
  if (!Number.isInteger(catchUp) || catchUp < 1 || catchUp > mostSlotsToCatchUp) {
    throw new ScheduleError("catch_up", `expected 1 to ${mostSlotsToCatchUp}`);
  }
  if (typeof terms.payload !== "object" || terms.payload === null || Array.isArray(terms.payload)) {
    throw new ScheduleError("payload", "expected a JSON object");
  }
  if (target === retention) checkRetention(terms);
  else checkPayload(target, terms.payload);
  return target;
}

/** The ledger is one for all; how long it remembers is the operator's to say, by LEDGER_RETENTION_DAYS. */
function checkRetention({ userId, credentialId, payload }: ScheduleTerms): void {
  if (userId !== null) throw new ScheduleError("user_id", "retention is for all users");
  if (credentialId !== null) throw new ScheduleError("credential_id", "retention is for all");
  const [field] = Object.keys(payload);
  if (field) throw new ScheduleError(`payload/${field}`, "retention has no fields");
}

function checkPayload(queue: QueueName, payload: object): void {
  const own = ownFields.find((field) => field in payload);
  if (own) throw new ScheduleError(`payload/${own}`, "is set for each job");
  const parsed = parse(queue, { ...payload, userId: 1, credentialId: 1, resourceId: 1 });
  const unknown = Object.keys(payload).find((field) => !(field in parsed));
  if (unknown) throw new ScheduleError(`payload/${unknown}`, `is no field of ${queue}`);
  if ("action" in parsed && parsed.action !== "drift" && parsed.action !== "plan") {
    throw new ScheduleError("payload/action", "expected drift or plan; the clock changes nothing");
  }
}

function parse(queue: QueueName, data: Record<string, unknown>) {
  try {
    return parsePayload<object>(contracts[queue], data);
  } catch (error) {
    if (!(error instanceof InvalidPayloadError)) throw error;
    throw new ScheduleError(`payload${error.path}`, error.message.slice(error.path.length + 2));
  }
}
