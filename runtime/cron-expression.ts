import { createTask, parse } from "node-cron";

/**
 * What is wrong with a cron expression, or null. Besides malformed ones, two kinds are refused: those that never come
 * (30 February), and those that restrict both day of month and day of week, because node-cron means days on which both
 * hold where other cron implementations mean days on which either holds.
 */
export function cronProblem(expression: string): string | null {
  try {
    const fields = parse(expression);
    if (fields.dayOfMonth.length < 31 && fields.dayOfWeek.length < 7) {
      return "restrict the day of the month or the day of the week, not both";
    }
    const task = createTask(expression, () => {}, { timezone: "UTC" });
    void task.destroy();
    task.getNextRuns(1);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
