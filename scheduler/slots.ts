import { createHash } from "node:crypto";
import type { QueueName } from "../queues/contract.ts";

/** One time at which a kind of job is due, and the time it is due next. Both come from the schedule, not from a clock. */
export interface Slot {
  at: Date;
  next: Date;
}

/**
 * The id that every replica gives to the job of a schedule, slot, and credential or resource, so that the ledger keeps
 * one of them.
 */
export function slotJobId(
  queue: QueueName,
  scheduleId: number,
  subjectId: number,
  slot: Slot,
): string {
  return `${queue}-${scheduleId}-${subjectId}-${slot.at.toISOString().replaceAll(":", "")}`;
}

/**
 * When the job of a credential or resource starts: somewhere from the slot to the next one, always at the same place, so
 * that neither the clouds nor the workers get everything at once and the time between two jobs stays the interval. The
 * kinds of jobs of one credential have different places.
 */
export function startTime(queue: QueueName, subjectId: number, slot: Slot): Date {
  const hash = createHash("sha256").update(`${queue}:${subjectId}`).digest();
  const fraction = hash.readUIntBE(0, 6) / 2 ** 48;
  const interval = slot.next.getTime() - slot.at.getTime();
  return new Date(slot.at.getTime() + Math.floor(fraction * interval));
}
