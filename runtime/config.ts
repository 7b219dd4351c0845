import { readFileSync } from "node:fs";
import { z } from "zod";
import { cronProblem } from "./cron-expression.ts";
import { KeyFormatError } from "./secrets/errors.ts";
import { parseFernetKeys } from "./secrets/fernet.ts";
import { parseKeyRing } from "./secrets/key-ring.ts";

/** The environment lacks something or holds something impossible. The operator's fault; lists every problem at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "CONFIG_INVALID";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The environment is not complete:\n${problems.map((line) => `  ${line}`).join("\n")}`);
    this.problems = problems;
  }
}

/** Variables that commands cannot do without, and how to get one. */
const required = {
  DATABASE_URL: "the PostgreSQL database, such as postgres://user:password@host:5432/multicloud",
  REDIS_URL: "the Redis server, such as redis://host:6379",
  CREDENTIAL_KEYS:
    "keys that seal credentials, id:base64 of 32 bytes (make one: openssl rand -base64 32); only workers and the commands for credentials need them",
} as const;
export type RequiredVariable = keyof typeof required;

/** What each process cannot do without. Whoever opens no secret gets no key. */
export const processNeeds = {
  migrate: ["DATABASE_URL"],
  worker: ["DATABASE_URL", "REDIS_URL", "CREDENTIAL_KEYS"],
  scheduler: ["DATABASE_URL", "REDIS_URL"],
  api: ["DATABASE_URL", "REDIS_URL"],
} as const satisfies Record<string, readonly RequiredVariable[]>;

const wholeNumber = (name: string, fallback: number, least: number) =>
  z.coerce
    .number({ error: `${name}: expected a whole number` })
    .int(`${name}: expected a whole number`)
    .min(least, `${name}: expected at least ${least}`)
    .default(fallback);

const concurrency = (name: string) =>
  z.coerce
    .number({ error: `${name}: expected a whole number` })
    .int(`${name}: expected a whole number`)
    .min(1, `${name}: expected at least 1`)
    .max(1_000, `${name}: expected at most 1000`)
    .optional();

const port = (name: string) =>
  z.coerce
    .number({ error: `${name}: expected a port` })
    .int(`${name}: expected a port`)
    .min(0, `${name}: expected a port`)
    .max(65_535, `${name}: expected a port`);

/** Cron expressions, in UTC, that hold unless configured otherwise. */
export const defaultCadences = {
  SCHEDULE_SYNC: "*/30 * * * *",
  SCHEDULE_COST_INGEST: "0 0 * * *",
  SCHEDULE_HEALTH_CHECK: "*/5 * * * *",
} as const;

const cadence = (name: keyof typeof defaultCadences) =>
  z
    .string()
    .trim()
    .superRefine((expression, context) => {
      const problem = expression === "off" ? null : cronProblem(expression);
      if (problem) context.addIssue(`${name}: expected off or a cron expression; ${problem}`);
    })
    .default(defaultCadences[name]);

const login = (name: string) =>
  z
    .string()
    .regex(
      /^[^:]+:.{12,}$/,
      `${name}: expected name:password, the password of 12 characters or more`,
    )
    .optional();

/** A driver would take other text for the name of a host, or of a file. */
const serverUrl = (name: "DATABASE_URL" | "REDIS_URL", form: RegExp) =>
  z
    .string()
    .refine(
      (text) => text === "" || (form.test(text) && URL.canParse(text)),
      `${name}: expected ${required[name]}`,
    )
    .default("");

const environment = z.object({
  DATABASE_URL: serverUrl("DATABASE_URL", /^postgres(?:ql)?:\/\//),
  DATABASE_POOL_SIZE: wholeNumber("DATABASE_POOL_SIZE", 20, 2),
  REDIS_URL: serverUrl("REDIS_URL", /^rediss?:\/\//),
  /** Key prefix in Redis; clients in other languages use `bull` unless told otherwise. */
  QUEUE_PREFIX: z.string().min(1).default("bull"),
  CREDENTIAL_KEYS: z.string().default(""),
  FERNET_KEYS: z.string().default(""),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"], {
      error: "LOG_LEVEL: expected trace, debug, info, warn, error, fatal or silent",
    })
    .default("info"),
  /** Jobs a worker process runs at once, per queue; the contract's own number if unset. */
  CONCURRENCY_SYNC: concurrency("CONCURRENCY_SYNC"),
  CONCURRENCY_COST_INGEST: concurrency("CONCURRENCY_COST_INGEST"),
  CONCURRENCY_HEALTH_CHECK: concurrency("CONCURRENCY_HEALTH_CHECK"),
  CONCURRENCY_TERRAFORM_APPLY: concurrency("CONCURRENCY_TERRAFORM_APPLY"),
  /**
   * Jobs of one user that run at once per queue, in all worker processes; 0 is no limit. The default is what one process
   * runs at most of any kind, so that a small installation with one user is not slowed down.
   */
  USER_CONCURRENCY: wholeNumber("USER_CONCURRENCY", 16, 0),
  /** Seconds that running jobs get to finish after SIGTERM before they are handed back. */
  DRAIN_SECONDS: wholeNumber("DRAIN_SECONDS", 20, 0),
  /** Seconds between two looks through the queues for jobs that no worker can run. */
  SWEEP_SECONDS: wholeNumber("SWEEP_SECONDS", 15, 1),
  /** Refresh `last_synced` only of rows older than this many seconds. */
  SYNC_TOUCH_AFTER: wholeNumber("SYNC_TOUCH_AFTER", 0, 0),
  /** Seconds between two looks for jobs that Redis has lost. */
  RECONCILE_SECONDS: wholeNumber("RECONCILE_SECONDS", 30, 1),
  /** `off`: a resource that is `pending` and has no job is a draft, and is not applied. */
  APPLY_PENDING_RESOURCES: z
    .enum(["on", "off"], { error: "APPLY_PENDING_RESOURCES: expected on or off" })
    .default("on"),
  /** Days that the ledger keeps jobs that have ended. */
  LEDGER_RETENTION_DAYS: wholeNumber("LEDGER_RETENTION_DAYS", 90, 1),
  /** Folder in which `credentials.settings.cost.path` lies. */
  COST_FILES_DIR: z.string().optional(),
  /** Path of terraform or tofu; found on PATH if unset. */
  TERRAFORM_BINARY: z.string().optional(),
  /** Folder for the private directories of runs. */
  TERRAFORM_WORK_DIR: z.string().optional(),
  /** Folder with unpacked providers; the registry is not asked when set. */
  TERRAFORM_PROVIDER_MIRROR: z.string().optional(),
  /** TF_REATTACH_PROVIDERS of every run: simulated providers, for a machine without accounts. */
  TF_REATTACH_PROVIDERS: z.string().optional(),
  /** `off`: nothing is enqueued by the clock, only by other services. */
  SCHEDULES: z.enum(["on", "off"], { error: "SCHEDULES: expected on or off" }).default("on"),
  /** What the default rows of `schedules` say until somebody edits them: a cron expression in UTC, or `off`. */
  SCHEDULE_SYNC: cadence("SCHEDULE_SYNC"),
  SCHEDULE_COST_INGEST: cadence("SCHEDULE_COST_INGEST"),
  SCHEDULE_HEALTH_CHECK: cadence("SCHEDULE_HEALTH_CHECK"),
  /** Where the dashboard listens. Outside loopback it needs a login. Port 0 is any free one. */
  API_HOST: z.string().min(1).default("127.0.0.1"),
  API_PORT: port("API_PORT").default(3000),
  /** `name:password` of who may look, and of who may also retry, remove and pause. */
  API_VIEWER_LOGIN: login("API_VIEWER_LOGIN"),
  API_OPERATOR_LOGIN: login("API_OPERATOR_LOGIN"),
  /** What services send as `Authorization: Bearer` to enqueue over HTTP; without one nobody can. */
  API_TOKEN: z
    .string()
    .regex(/^\S{20,}$/, "API_TOKEN: expected 20 characters or more, without spaces")
    .optional(),
  /** `/livez`, `/readyz` and `/metrics` without login, for the orchestrator; not served if unset. */
  HEALTH_HOST: z.string().min(1).default("127.0.0.1"),
  HEALTH_PORT: port("HEALTH_PORT").optional(),
});
export type Config = z.infer<typeof environment>;

/** `NAME_FILE` names a file with the value of `NAME`: the usual way to hand over a secret. */
function readFiles(env: NodeJS.ProcessEnv, problems: string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === "") continue;
    if (!name.endsWith("_FILE") || !(name.slice(0, -5) in environment.shape)) {
      values[name] ??= value;
      continue;
    }
    try {
      values[name.slice(0, -5)] = readFileSync(value, "utf8").trim();
    } catch {
      problems.push(`${name}: the file cannot be read`);
    }
  }
  return values;
}

/**
 * Reads the configuration from the environment. Throws ConfigError with every problem at once: when one of the needed
 * variables is missing, all that an installation needs and that are missing are named.
 */
export function readConfig(env: NodeJS.ProcessEnv, needs: readonly RequiredVariable[]): Config {
  const problems: string[] = [];
  const values = readFiles(env, problems);
  if (needs.some((name) => !values[name])) {
    for (const [name, meaning] of Object.entries(required)) {
      if (!values[name]) problems.push(`${name} is missing: ${meaning}`);
    }
  }
  const parsed = environment.safeParse(values);
  if (!parsed.success) problems.push(...parsed.error.issues.map((issue) => issue.message));
  if (needs.includes("CREDENTIAL_KEYS")) problems.push(...keyProblems(values));
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  return parsed.data;
}

/** What is wrong with the keys that are given, without any of them. */
function keyProblems({ CREDENTIAL_KEYS: keys = "", FERNET_KEYS: fernetKeys = "" }): string[] {
  const parsers = [() => keys && parseKeyRing(keys), () => parseFernetKeys(fernetKeys)];
  return parsers.flatMap((parse) => {
    try {
      parse();
      return [];
    } catch (error) {
      if (error instanceof KeyFormatError) return error.problems;
      throw error;
    }
  });
}
