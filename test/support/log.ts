import { type Logger, pino } from "pino";

/** A logger that keeps what is logged. */
export interface TestLog {
  log: Logger;
  /** One object per line, oldest first. */
  lines: Record<string, unknown>[];
}

export function testLog(level: "info" | "debug" = "info"): TestLog {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => {
    lines.push({ ...JSON.parse(line) });
  };
  return { log: pino({ level }, { write }), lines };
}
