/** Looks at one thing a process needs; throws when it is not as it must be. */
export type Check = () => Promise<void>;

/** Something a process needs is there but not as it must be. The operator's fault; the message is shown to anybody. */
export class NotReadyError extends Error {
  override readonly name = "NotReadyError";
}

export interface ReadinessReport {
  ready: boolean;
  /** `ok` or what is wrong, by the name of the check. Without addresses: anybody may read it. */
  checks: Record<string, string>;
}

export interface Readiness {
  /** From now on the process is not ready: it is about to end. */
  drain(): void;
  report(): Promise<ReadinessReport>;
}

/** The longest a check may take; orchestrators give a probe a few seconds. */
const checkTimeoutMs = 2_000;

/** Whether a process can do its work, by its checks. However often it is asked, each check runs once at a time. */
export function openReadiness(checks: Record<string, Check>): Readiness {
  let draining = false;
  const single = Object.entries(checks).map(([name, check]) => ({
    name,
    check: oneAtATime(check),
  }));
  const report = async (): Promise<ReadinessReport> => {
    const results = await Promise.all(
      single.map(async ({ name, check }) => [name, await outcome(check)] as const),
    );
    if (draining) results.push(["process", "draining"]);
    const ready = results.every(([, result]) => result === "ok");
    return { ready, checks: Object.fromEntries(results) };
  };
  const drain = (): void => {
    draining = true;
  };
  return { drain, report };
}

/** A probe that comes while an earlier one still waits for a dead server waits with it. */
function oneAtATime(check: Check): Check {
  let pending: Promise<void> | undefined;
  return async () => {
    pending ??= check().finally(() => {
      pending = undefined;
    });
    return pending;
  };
}

async function outcome(check: Check): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${checkTimeoutMs} ms`), checkTimeoutMs);
  });
  const result = check().then(() => "ok", describe);
  try {
    return await Promise.race([result, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Drivers' messages name hosts and users, so that only their code is told. */
function describe(error: unknown): string {
  if (error instanceof NotReadyError) return error.message;
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" ? `failed (${code})` : "failed";
}
