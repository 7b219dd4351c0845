import { CronExpressionParser } from "cron-parser";

/** The largest useful step of each field, from the right: with a larger one the field names a single value. */
const largestSteps = [7, 12, 31, 23, 59, 59];

/**
 * What is wrong with a cron expression of five fields, or six with seconds, or null. Besides malformed ones, those are
 * refused that never come (30 February), that use what only some implementations know (`L`, `W`, `#`, `?`, `@daily`),
 * and that restrict both day of month and day of week: some implementations mean days on which both hold, others days
 * on which either does.
 */
export function cronProblem(expression: string): string | null {
  const fields = expression.trim().split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6) {
    return `expected 5 or 6 fields but got ${fields.length}`;
  }
  for (const [place, field] of fields.toReversed().entries()) {
    const problem = fieldProblem(field, largestSteps[place] ?? 0);
    if (problem) return problem;
  }
  try {
    const parsed = CronExpressionParser.parse(expression, { tz: "UTC" });
    const { dayOfMonth, dayOfWeek } = parsed.fields;
    if (!dayOfMonth.isWildcard && !dayOfWeek.isWildcard) {
      return "restrict the day of the month or the day of the week, not both";
    }
    parsed.next();
    return null;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return /loop limit|day of month definition/.test(message) ? "it never comes" : message;
  }
}

function fieldProblem(field: string, largestStep: number): string | null {
  const isKnown = /^(?:\*|\d+|[a-z]{3})(?:[-,/](?:\*|\d+|[a-z]{3}))*$/i.test(field);
  if (!isKnown) return `${field} is not a list of numbers, ranges a-b and steps */n`;
  for (const [, step] of field.matchAll(/\/(\d+)/g)) {
    if (Number(step) > largestStep) return `${field}: steps of at most ${largestStep}`;
  }
  return null;
}
