import { type Logger, pino } from "pino";

export type { Logger };

/**
 * The JSON logger of a process. Errors are written with name, message, code and stack only: SDK errors carry requests
 * and responses, and those carry secrets. `destination` 2 is standard error, for commands whose output is data.
 */
export function openLog(role: string, level: string, destination: 1 | 2 = 1): Logger {
  return pino(
    {
      level,
      base: { service: "multicloud-workers", role, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    // What is not written at once is flushed at exit, and that never ends when the reader is gone (sonic-boom 4.2).
    pino.destination({ fd: destination, sync: true }),
  );
}

function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const code: unknown = Reflect.get(error, "code");
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    stack: error.stack,
  };
}
