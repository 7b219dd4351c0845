import type { Schedule } from "../entities/schedule.ts";
import type { Logger } from "../runtime/log.ts";
import {
  type ClaimedSchedule,
  claimDueSchedule,
  findDueSchedules,
  moveSchedule,
  setScheduleProblem,
} from "../tables/schedules.ts";
import { checkSchedule, ScheduleError } from "./check-schedule.ts";
import { slotAfter, slotsBetween } from "./cron-slots.ts";
import { type FanOutServices, fanOut } from "./fan-out.ts";

export interface RunOptions extends FanOutServices {
  log: Logger;
}

/** A slot that is enqueued this late was not missed: replicas look every second, and one may have to die first. */
const onTimeMs = 60_000;

/**
 * Enqueues every slot that is due and moves its schedule on. Failures of one schedule are logged and do not keep the
 * others; its slots stay due. Returns whether everything that is due is enqueued, here or by another replica. Throws
 * what PostgreSQL throws when it cannot be asked.
 */
export async function runDueSchedules(options: RunOptions): Promise<boolean> {
  let isDone = true;
  for (const id of await findDueSchedules(options.database)) {
    try {
      await runSchedule(id, options);
    } catch (error) {
      isDone = false;
      options.log.error({ schedule: id, err: error }, "cannot enqueue");
    }
  }
  return isDone;
}

async function runSchedule(id: number, options: RunOptions): Promise<void> {
  await options.database.transaction(async (manager) => {
    const claimed = await claimDueSchedule(manager, id);
    if (!claimed) return;
    const { schedule, now } = claimed;
    try {
      checkSchedule(schedule);
    } catch (error) {
      if (!(error instanceof ScheduleError)) throw error;
      options.log.error({ schedule: schedule.name, err: error }, "schedule cannot be run");
      await setScheduleProblem(manager, schedule, error.message);
      return;
    }
    const newest = await enqueueDueSlots(claimed, options);
    const lastSlot = newest ?? schedule.lastSlot;
    await moveSchedule(manager, schedule, { lastSlot, nextSlot: slotAfter(schedule, now) });
  });
}

/** Enqueues what the misfire policy wants of the slots that have come, oldest first, and returns the newest of them. */
async function enqueueDueSlots(claimed: ClaimedSchedule, options: RunOptions) {
  const { schedule, now } = claimed;
  const name = checkSchedule(schedule);
  const { newest, wanted } = dueSlots(schedule, now);
  if (newest && wanted.length === 0) {
    const facts = { schedule: schedule.name, queue: name, slot: newest.toISOString() };
    options.log.warn(facts, "slot missed and skipped");
  }
  for (const at of wanted) {
    const started = performance.now();
    const due = await fanOut(name, schedule, { at, next: slotAfter(schedule, at) }, options);
    const duration = Math.round(performance.now() - started);
    const facts = { schedule: schedule.name, queue: name, slot: at.toISOString(), due };
    options.log.info({ ...facts, duration_ms: duration }, "enqueued");
  }
  return newest;
}

function dueSlots(schedule: Schedule, now: Date): { newest: Date | null; wanted: Date[] } {
  const { lastSlot, effectiveFrom, misfire, catchUp } = schedule;
  const since = lastSlot && lastSlot > effectiveFrom ? lastSlot : effectiveFrom;
  const slots = slotsBetween(schedule, since, now, misfire === "catch_up" ? catchUp : 1);
  const newest = slots.at(-1) ?? null;
  const isMissed = newest !== null && now.getTime() - newest.getTime() > onTimeMs;
  return { newest, wanted: misfire === "skip" && isMissed ? [] : slots };
}
