import type { DataSource, EntityManager } from "typeorm";
import { Schedule } from "../entities/schedule.ts";

/** A schedule that says by itself when it is due; what `default-schedules.ts` puts there at the start. */
export interface DefaultSchedule {
  name: string;
  queue: string;
  /** The cron expression in UTC that the row gets when it is new, even if switched off. */
  cron: string;
  payload: Record<string, unknown>;
  isEnabled: boolean;
}

/**
 * Adds a default row, or brings it to what the environment says now. A row whose times somebody edited stays as it is:
 * it no longer is what the environment said when it was last applied. Safe from many processes at once.
 */
export async function applyDefaultSchedule(
  database: DataSource,
  { name, queue, cron, payload, isEnabled }: DefaultSchedule,
): Promise<void> {
  await database.query(
    `INSERT INTO schedules AS present (name, queue, cron, payload, is_enabled, environment)
     VALUES ($1, $2, $3::VARCHAR, $4, $5::BOOLEAN, CASE WHEN $5::BOOLEAN THEN $3::VARCHAR ELSE 'off' END)
     ON CONFLICT (name) DO UPDATE
       SET cron = CASE WHEN excluded.is_enabled THEN excluded.cron ELSE present.cron END,
           is_enabled = excluded.is_enabled, environment = excluded.environment
       WHERE present.environment <> excluded.environment AND present.time_zone = 'UTC'
         AND present.environment = CASE WHEN present.is_enabled THEN present.cron ELSE 'off' END`,
    [name, queue, cron, JSON.stringify(payload), isEnabled],
  );
}

/** A last slot so far ahead was enqueued by a clock that has been put back since; servers' clocks differ by less. */
const clockStepMs = 60_000;

/** Whether the clock of PostgreSQL has been put back behind the last slot: the next one would be far too late. */
export function isAheadOfTime({ lastSlot }: Schedule, now: Date): boolean {
  return lastSlot !== null && lastSlot.getTime() - now.getTime() > clockStepMs;
}

/**
 * Ids of the schedules that have a slot to enqueue, or whose next slot is not known, by the clock of PostgreSQL; of those
 * for the named queues only, if given.
 */
export async function findDueSchedules(
  database: DataSource,
  queues: readonly string[] | null = null,
): Promise<number[]> {
  const rows: { id: number }[] = await database.query(
    `SELECT id FROM schedules
     WHERE is_enabled AND problem IS NULL AND (
         next_slot IS NULL OR next_slot <= clock_timestamp()
         OR last_slot > clock_timestamp() + make_interval(secs => $2 / 1000.0)
       )
       AND ($1::TEXT[] IS NULL OR queue = ANY($1))
     ORDER BY next_slot NULLS FIRST, id`,
    [queues, clockStepMs],
  );
  return rows.map((row) => row.id);
}

/** A schedule, and what the clock of PostgreSQL shows: the only one on which all replicas agree. */
export interface ClaimedSchedule {
  schedule: Schedule;
  now: Date;
}

/**
 * Claims a due schedule until the transaction ends, or returns null when another process has it or it is no longer due.
 * The claim only spares work: what makes a slot unique is the ids of its jobs in the ledger. It does not stop anybody from editing the
 * row, and ends when the process dies or stands still for two minutes.
 */
export async function claimDueSchedule(
  manager: EntityManager,
  id: number,
): Promise<ClaimedSchedule | null> {
  await manager.query("SET LOCAL idle_in_transaction_session_timeout = '2min'");
  const [lock]: { locked: boolean }[] = await manager.query(
    "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked",
    [`schedule ${id}`],
  );
  if (!lock?.locked) return null;
  const [clock]: { now: Date }[] = await manager.query("SELECT clock_timestamp() AS now");
  const schedule = await manager.findOneBy(Schedule, { id, isEnabled: true });
  if (!clock || !schedule || schedule.problem !== null) return null;
  const isDue = schedule.nextSlot === null || schedule.nextSlot <= clock.now;
  if (!isDue && !isAheadOfTime(schedule, clock.now)) return null;
  return { schedule, now: clock.now };
}

/**
 * Moves a schedule on. Returns false, and changes nothing, when the row has been edited or moved on since it was read:
 * whoever did that decides what comes next.
 */
export async function moveSchedule(
  manager: EntityManager,
  { id, revision, lastSlot }: Schedule,
  slots: { lastSlot: Date | null; nextSlot: Date },
): Promise<boolean> {
  const [, changed]: [unknown, number] = await manager.query(
    `UPDATE schedules SET last_slot = $4, next_slot = $5
     WHERE id = $1 AND revision = $2 AND last_slot IS NOT DISTINCT FROM $3`,
    [id, revision, lastSlot, slots.lastSlot, slots.nextSlot],
  );
  return changed === 1;
}

/** Says why a schedule cannot be run. Nothing is enqueued for it until it is edited. */
export async function setScheduleProblem(
  manager: EntityManager,
  { id, revision }: Schedule,
  problem: string,
): Promise<void> {
  await manager.query("UPDATE schedules SET problem = $3 WHERE id = $1 AND revision = $2", [
    id,
    revision,
    problem,
  ]);
}

/** Every schedule by name. */
export async function listSchedules(database: DataSource): Promise<Schedule[]> {
  return database.getRepository(Schedule).find({ order: { name: "ASC" } });
}

/** The schedule of that name, or null. */
export async function findSchedule(database: DataSource, name: string): Promise<Schedule | null> {
  return database.getRepository(Schedule).findOneBy({ name });
}
