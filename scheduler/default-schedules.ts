import type { DataSource } from "typeorm";
import { type Config, defaultCadences } from "../runtime/config.ts";
import { applyDefaultSchedule, type DefaultSchedule } from "../tables/schedules.ts";
import { retention } from "./check-schedule.ts";

/** The schedules that every installation has, as the environment wants them. */
function defaultSchedules(config: Config): DefaultSchedule[] {
  const fromVariable = (queue: string, variable: keyof typeof defaultCadences): DefaultSchedule => {
    const value = config[variable];
    const cron = value === "off" ? defaultCadences[variable] : value;
    return { name: queue, queue, cron, payload: {}, isEnabled: value !== "off" };
  };
  return [
    fromVariable("sync", "SCHEDULE_SYNC"),
    fromVariable("cost-ingest", "SCHEDULE_COST_INGEST"),
    fromVariable("health-check", "SCHEDULE_HEALTH_CHECK"),
    {
      name: "terraform-drift",
      queue: "terraform-apply",
      cron: "0 4 * * *",
      payload: { action: "drift" },
      isEnabled: false,
    },
    { name: retention, queue: retention, cron: "40 * * * *", payload: {}, isEnabled: true },
  ];
}

/** Brings the default rows to what the environment says, but those that somebody edited. */
export async function applyDefaultSchedules(database: DataSource, config: Config): Promise<void> {
  for (const schedule of defaultSchedules(config)) await applyDefaultSchedule(database, schedule);
}
