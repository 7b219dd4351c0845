import { type DataSource, QueryFailedError } from "typeorm";
import { Credential } from "../entities/credential.ts";
import { Schedule } from "../entities/schedule.ts";
import { User } from "../entities/user.ts";
import { checkSchedule, ScheduleError, type ScheduleTerms } from "./check-schedule.ts";

/** A new schedule without what has a default. */
export type NewSchedule = Pick<ScheduleTerms, "name" | "queue" | "cron"> & Partial<ScheduleTerms>;

const defaults = {
  timeZone: "UTC",
  userId: null,
  credentialId: null,
  payload: {},
  misfire: "once",
  catchUp: 1,
  isEnabled: true,
} as const;

/** Adds a schedule. Throws ScheduleError that names the first wrong column. */
export async function addSchedule(database: DataSource, terms: NewSchedule): Promise<Schedule> {
  return save(database, { ...defaults, ...terms });
}

/** Changes a schedule; what is not given stays. Throws ScheduleError that names the first wrong column. */
export async function changeSchedule(
  database: DataSource,
  schedule: Schedule,
  changes: Partial<ScheduleTerms>,
): Promise<Schedule> {
  const { name, queue, cron, timeZone, userId, credentialId } = schedule;
  const { payload, misfire, catchUp, isEnabled } = schedule;
  const scope = { userId, credentialId, payload, misfire, catchUp, isEnabled };
  return save(database, { name, queue, cron, timeZone, ...scope, ...changes }, schedule.id);
}

/** Writes the terms that differ and nothing else, so that a scheduler that moves the row on meanwhile is not undone. */
async function save(database: DataSource, terms: ScheduleTerms, id?: number): Promise<Schedule> {
  checkSchedule(terms);
  await checkScope(database, terms);
  const schedules = database.getRepository(Schedule);
  try {
    const saved = await schedules.save(id === undefined ? terms : { ...terms, id });
    return await schedules.findOneByOrFail({ id: saved.id });
  } catch (error) {
    const constraint: unknown =
      error instanceof QueryFailedError ? Reflect.get(error.driverError, "constraint") : null;
    if (constraint === "schedules_name_key") {
      throw new ScheduleError("name", `there is a schedule ${terms.name} already`);
    }
    throw error;
  }
}

async function checkScope(
  database: DataSource,
  { userId, credentialId }: ScheduleTerms,
): Promise<void> {
  if (userId !== null && !(await database.getRepository(User).existsBy({ id: userId }))) {
    throw new ScheduleError("user_id", `there is no user ${userId}`);
  }
  if (credentialId === null) return;
  const credential = await database.getRepository(Credential).findOneBy({ id: credentialId });
  if (!credential || (userId !== null && credential.userId !== userId)) {
    const owner = userId === null ? "" : ` of user ${userId}`;
    throw new ScheduleError("credential_id", `there is no credential ${credentialId}${owner}`);
  }
}
