import { CronExpressionParser } from "cron-parser";
import { momentOf, wallTime } from "./wall-clock.ts";

/** Times that return: a cron expression, and the zone whose clocks it means. Both are taken for checked. */
export interface CronTimes {
  cron: string;
  timeZone: string;
}

/**
 * The next `count` slots after a moment, oldest first. Every wall time that the expression names is one slot a day: at
 * its first coming when clocks are put back, and at the moment of the change when they are put forward over it. Slots
 * that fall on one moment by that are one.
 */
export function slotsAfter({ cron, timeZone }: CronTimes, after: Date, count: number): Date[] {
  const walls = wallsFrom(cron, wallTime(timeZone, after.getTime()));
  const slots: Date[] = [];
  let last = after.getTime();
  while (slots.length < count) {
    const moment = momentOf(timeZone, walls.next().getTime());
    // In an hour that is repeated, wall times come again that have had their slot.
    if (moment <= last) continue;
    slots.push(new Date(moment));
    last = moment;
  }
  return slots;
}

/** The first slot after a moment. */
export function slotAfter(times: CronTimes, after: Date): Date {
  const [slot] = slotsAfter(times, after, 1);
  if (!slot) throw new Error(`${times.cron} never comes`);
  return slot;
}

/** The newest slots, at most `count`, that came after one moment and not after another, oldest first. */
export function slotsBetween(
  { cron, timeZone }: CronTimes,
  after: Date,
  until: Date,
  count: number,
): Date[] {
  const walls = wallsFrom(cron, newestWall({ cron, timeZone }, until) + 1_000);
  const slots: Date[] = [];
  while (slots.length < count) {
    const moment = momentOf(timeZone, walls.prev().getTime());
    if (moment <= after.getTime()) break;
    if (moment !== slots.at(-1)?.getTime()) slots.push(new Date(moment));
  }
  return slots.toReversed();
}

/** The latest wall time that has been shown; while an hour is repeated that is not the one shown now. */
function newestWall({ cron, timeZone }: CronTimes, until: Date): number {
  let newest = wallTime(timeZone, until.getTime());
  if (momentOf(timeZone, newest) > until.getTime() - 1_000) return newest;
  const walls = wallsFrom(cron, newest);
  for (;;) {
    const wall = walls.next().getTime();
    if (momentOf(timeZone, wall) > until.getTime()) return newest;
    newest = wall;
  }
}

/** Wall times as the expression names them; a calendar in UTC has neither gaps nor repetitions. */
function wallsFrom(cron: string, wall: number) {
  return CronExpressionParser.parse(cron, { tz: "UTC", currentDate: new Date(wall) });
}
