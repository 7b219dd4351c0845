import { type Command, InvalidArgumentError, Option } from "commander";
import type { DataSource } from "typeorm";
import { type MisfirePolicy, misfirePolicies, Schedule } from "../entities/schedule.ts";
import { readConfig } from "../runtime/config.ts";
import {
  checkSchedule,
  type ScheduleTarget,
  type ScheduleTerms,
  scheduleTargets,
} from "../scheduler/check-schedule.ts";
import { slotsAfter } from "../scheduler/cron-slots.ts";
import { addSchedule, changeSchedule } from "../scheduler/save-schedule.ts";
import { findSchedule, listSchedules } from "../tables/schedules.ts";
import { withDatabase } from "./database.ts";
import { type CommonOptions, command, group, id, jsonObject } from "./options.ts";
import { print, UsageError } from "./output.ts";

/** `multicloud schedules`: when jobs are due by the clock. Running schedulers take up a change within a second. */
export function schedulesCommand(): Command {
  const schedules = group("schedules", "When jobs are due by the clock");
  const add = command("add", "Add a schedule").requiredOption("--name <name>", "what to call it");
  schedules.addCommand(command("list", "Show every schedule").action(list));
  schedules.addCommand(
    withTerms(add.addOption(queueOption().makeOptionMandatory()))
      .requiredOption("--cron <expression>", cronHelp)
      .action(addOne),
  );
  schedules.addCommand(
    withTerms(command("set", "Change a schedule; what is not given stays"))
      .argument("<name>", "the schedule")
      .option("--cron <expression>", cronHelp)
      .action(async (name: string, options: TermOptions) => change(name, options)),
  );
  for (const [verb, isEnabled] of [
    ["enable", true],
    ["disable", false],
  ] as const) {
    schedules.addCommand(
      command(verb, isEnabled ? "Enqueue its slots from now on" : "Enqueue no more slots of it")
        .argument("<name>", "the schedule")
        .action(async (name: string, options: CommonOptions) => change(name, options, isEnabled)),
    );
  }
  schedules.addCommand(
    command("remove", "Remove a schedule; jobs it has enqueued stay")
      .argument("<name>", "the schedule")
      .action(remove),
  );
  schedules.addCommand(
    command("next", "Show when its next slots come, in UTC")
      .argument("<name>", "the schedule")
      .option("-n, --count <number>", "how many", count, 5)
      .action(showNext),
  );
  return schedules;
}

const cronHelp = "five fields, or six with seconds";

function queueOption(): Option {
  return new Option("--queue <name>", "whose jobs, or retention").choices(scheduleTargets);
}

function withTerms(base: Command): Command {
  return base
    .option("--time-zone <zone>", "whose clocks are meant, such as Europe/Berlin (UTC)")
    .option("--user <id>", "only for this user", id)
    .option("--credential <id>", "only for this credential", id)
    .option("--payload <json>", "fields of every payload besides the ids", jsonObject)
    .addOption(
      new Option("--misfire <policy>", "what becomes of missed slots").choices(misfirePolicies),
    )
    .option("--catch-up <number>", "with catch_up: how many of the newest", count);
}

function count(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 1_000) {
    throw new InvalidArgumentError("expected 1 to 1000.");
  }
  return value;
}

interface TermOptions extends CommonOptions {
  cron?: string;
  timeZone?: string;
  user?: number;
  credential?: number;
  payload?: Record<string, unknown>;
  misfire?: MisfirePolicy;
  catchUp?: number;
}

function termsOf(options: TermOptions): Partial<ScheduleTerms> {
  const { cron, timeZone, user: userId, credential: credentialId } = options;
  const { payload, misfire, catchUp } = options;
  const given = { cron, timeZone, userId, credentialId, payload, misfire, catchUp };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

async function withSchedules<T>(work: (database: DataSource) => Promise<T>): Promise<T> {
  return withDatabase(readConfig(process.env, ["DATABASE_URL"]).DATABASE_URL, work);
}

async function find(database: DataSource, name: string): Promise<Schedule> {
  const schedule = await findSchedule(database, name);
  if (!schedule) throw new UsageError(`there is no schedule ${name}`);
  return schedule;
}

async function list({ output }: CommonOptions): Promise<void> {
  const schedules = await withSchedules(listSchedules);
  print(output, { schedules }, schedules.map(describe).join("\n") || "There are no schedules.");
}

async function addOne(
  options: TermOptions & { name: string; queue: ScheduleTarget; cron: string },
): Promise<void> {
  const { name, queue, cron } = options;
  const added = await withSchedules(async (database) =>
    addSchedule(database, { ...termsOf(options), name, queue, cron }),
  );
  print(options.output, added, `Added ${describe(added)}`);
}

async function change(name: string, options: TermOptions, isEnabled?: boolean): Promise<void> {
  const changes = { ...termsOf(options), ...(isEnabled === undefined ? {} : { isEnabled }) };
  const changed = await withSchedules(async (database) =>
    changeSchedule(database, await find(database, name), changes),
  );
  print(options.output, changed, describe(changed));
}

async function remove(name: string, { output }: CommonOptions): Promise<void> {
  await withSchedules(async (database) => {
    const { id: found, environment } = await find(database, name);
    if (environment !== null) {
      throw new UsageError(`${name} is a default that comes back at the next start: disable it`);
    }
    await database.getRepository(Schedule).delete(found);
  });
  print(output, { removed: name }, `Removed ${name}.`);
}

async function showNext(
  name: string,
  { output, count: wanted }: CommonOptions & { count: number },
): Promise<void> {
  const slots = await withSchedules(async (database) => {
    const schedule = await find(database, name);
    checkSchedule(schedule);
    return slotsAfter(schedule, new Date(), wanted).map((slot) => slot.toISOString());
  });
  print(output, { name, slots }, slots.join("\n"));
}

/** One line for people. */
function describe(schedule: Schedule): string {
  const { name, queue, cron, timeZone, userId, credentialId, misfire, catchUp } = schedule;
  const scope = [userId && `user ${userId}`, credentialId && `credential ${credentialId}`];
  const whom = scope.filter(Boolean).join(", ") || "all";
  const missed = misfire === "catch_up" ? `catch_up ${catchUp}` : misfire;
  const next = schedule.isEnabled ? `next ${schedule.nextSlot?.toISOString() ?? "–"}` : "off";
  const state = schedule.problem === null ? next : `cannot be run: ${schedule.problem}`;
  return `${name}: ${queue}, ${cron} ${timeZone}, ${whom}, missed: ${missed}, ${state}`;
}
