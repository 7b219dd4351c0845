import type { DataSource, EntityManager } from "typeorm";
import type { Schedule } from "../entities/schedule.ts";
import type { Logger } from "../runtime/log.ts";
import {
  type ClaimedSchedule,
  claimDueSchedule,
  findDueSchedules,
  isAheadOfTime,
  moveSchedule,
  setScheduleProblem,
} from "../tables/schedules.ts";
import { checkSchedule, retention, ScheduleError, type ScheduleTarget } from "./check-schedule.ts";
import { slotAfter, slotsBetween } from "./cron-slots.ts";
import { fanOut } from "./fan-out.ts";
import { forgetOldJobs } from "./retention.ts";

export interface RunOptions {
  database: DataSource;
  log: Logger;
  /** How long the ledger remembers jobs that ended. */
  retentionDays: number;
  /** False: only retention is run, and nothing is enqueued. */
  enqueues: boolean;
}

/** A slot that is enqueued this late was not missed: replicas look every second, and one may have to die first. */
const onTimeMs = 60_000;

/**
 * Runs every slot that is due, which is to request its jobs or to forget old ones, and moves its schedule on, in one
 * transaction for each schedule: a slot has all its jobs in the ledger, or is still due, and Redis need not be there.
 * Failures of one schedule are logged and do not keep the others. Returns whether everything that is due has been run,
 * here or by another replica. Throws what PostgreSQL throws when it cannot be asked.
 */
export async function runDueSchedules(options: RunOptions): Promise<boolean> {
  let isDone = true;
  const only = options.enqueues ? null : [retention];
  for (const id of await findDueSchedules(options.database, only)) {
    try {
      await runSchedule(id, options);
    } catch (error) {
      isDone = false;
      options.log.error({ schedule: id, err: error }, "cannot run schedule");
    }
  }
  return isDone;
}

async function runSchedule(id: number, options: RunOptions): Promise<void> {
  const { database, log } = options;
  const ran = await database.transaction(async (manager) => {
    const claimed = await claimDueSchedule(manager, id);
    if (!claimed) return [];
    const { schedule, now } = claimed;
    const target = await checkTarget(manager, schedule, log);
    if (!target) return [];
    const { newest, slots } = await runDueSlots(manager, claimed, target, options);
    const lastSlot = newest ?? schedule.lastSlot;
    await moveSchedule(manager, schedule, { lastSlot, nextSlot: slotAfter(schedule, now) });
    return slots;
  });
  for (const { message, ...facts } of ran) log.info(facts, message);
}

/** What the schedule is for, or null, with the reason in its row, when it cannot be run as it is. */
async function checkTarget(
  manager: EntityManager,
  schedule: Schedule,
  log: Logger,
): Promise<ScheduleTarget | null> {
  try {
    return checkSchedule(schedule);
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    log.error({ schedule: schedule.name, err: error }, "schedule cannot be run");
    await setScheduleProblem(manager, schedule, error.message);
    return null;
  }
}

/** Runs what the misfire policy wants of the slots that have come, oldest first; `newest` is the newest that came. */
async function runDueSlots(
  manager: EntityManager,
  { schedule, now }: ClaimedSchedule,
  target: ScheduleTarget,
  options: RunOptions,
) {
  if (isAheadOfTime(schedule, now)) {
    const facts = { schedule: schedule.name, queue: target };
    options.log.warn(facts, "the clock was put back; slots are counted from now");
    return { newest: now, slots: [] };
  }
  const { newest, wanted } = dueSlots(schedule, now);
  if (newest && wanted.length === 0) {
    const facts = { schedule: schedule.name, queue: target, slot: newest.toISOString() };
    options.log.warn(facts, "slot missed and skipped");
  }
  const slots = [];
  for (const at of wanted) {
    const started = performance.now();
    const slot = { at, next: slotAfter(schedule, at) };
    const found =
      target === retention
        ? { message: "forgot old jobs", jobs: await forgetOldJobs(manager, options.retentionDays) }
        : { message: "enqueued", jobs: await fanOut(target, schedule, slot, manager) };
    const duration = Math.round(performance.now() - started);
    const facts = { schedule: schedule.name, queue: target, slot: at.toISOString() };
    slots.push({ ...facts, ...found, duration_ms: duration });
  }
  return { newest, slots };
}

function dueSlots(schedule: Schedule, now: Date): { newest: Date | null; wanted: Date[] } {
  const { lastSlot, effectiveFrom, misfire, catchUp } = schedule;
  const since = lastSlot && lastSlot > effectiveFrom ? lastSlot : effectiveFrom;
  const slots = slotsBetween(schedule, since, now, misfire === "catch_up" ? catchUp : 1);
  const newest = slots.at(-1) ?? null;
  const isMissed = newest !== null && now.getTime() - newest.getTime() > onTimeMs;
  return { newest, wanted: misfire === "skip" && isMissed ? [] : slots };
}
