/** One per zone: making one costs far more than using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** The format of a zone. Throws RangeError for a name that the system does not know. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const numeric = "numeric" as const;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "gregory",
    hourCycle: "h23",
    year: numeric,
    month: numeric,
    day: numeric,
    hour: numeric,
    minute: numeric,
    second: numeric,
  });
  formats.set(timeZone, format);
  return format;
}

/** What is wrong with the name of a time zone, or null. */
export function timeZoneProblem(timeZone: string): string | null {
  try {
    formatOf(timeZone);
    return null;
  } catch {
    return "expected a time zone such as Europe/Berlin or UTC";
  }
}

/**
 * What a clock on a wall of the zone shows at a moment, to the second. Moments are milliseconds since 1970; wall times
 * are the milliseconds that a clock in UTC would have to show the same.
 */
export function wallTime(timeZone: string, moment: number): number {
  const whole = Math.floor(moment / 1_000) * 1_000;
  if (timeZone === "UTC") return whole;
  const fields: Record<string, number> = {};
  for (const { type, value } of formatOf(timeZone).formatToParts(whole)) {
    fields[type] = Number(value);
  }
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = fields;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** Longer than any clock was ever put forward or back at once, and shorter than from one such night to the next. */
const day = 24 * 60 * 60 * 1_000;

/**
 * The moment at which a clock of the zone shows a wall time. Of two, when clocks are put back, it is the first; when they
 * are put forward over it, the moment at which that happens. Later wall times never have earlier moments.
 */
export function momentOf(timeZone: string, wall: number): number {
  if (timeZone === "UTC") return wall;
  const offsetAt = (moment: number): number => wallTime(timeZone, moment) - moment;
  const before = offsetAt(wall - day);
  const after = offsetAt(wall + day);
  const [early, late] = [wall - before, wall - after];
  if (offsetAt(early) === before) return early;
  if (offsetAt(late) === after) return late;
  let [shown, changed] = [late, early];
  while (changed - shown > 1_000) {
    const middle = Math.floor((shown + changed) / 2_000) * 1_000;
    if (offsetAt(middle) === before) shown = middle;
    else changed = middle;
  }
  return changed;
}
