import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { CloudCredential } from "../providers/credential.ts";
import type { ProviderName } from "../providers/provider.ts";
import { PostponeError } from "./errors.ts";

export interface CircuitSettings {
  /** Calls are judged over this time, in ten steps, in milliseconds. */
  windowMs: number;
  /** Fewer calls in the window say nothing. */
  leastCalls: number;
  /** How long nobody calls before one job tries, in milliseconds. */
  openMs: number;
  /** How long the one job that tries has; then another one may, in milliseconds. */
  canaryMs: number;
}

/**
 * At half of ten calls in a minute an outage is told from a bad minute; half a minute is shorter than any provider's
 * outage worth naming, and one call in that time is no load for it.
 */
const circuitSettings: CircuitSettings = {
  windowMs: 60_000,
  leastCalls: 10,
  openMs: 30_000,
  canaryMs: 60_000,
};

/** Milliseconds after which a job asks again while another one tries. */
const askAgainMs = 2_000;
/** A Redis that does not answer by then must not hold up work, in milliseconds. */
const patienceMs = 500;

const clock = `local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

/** KEYS: circuit. ARGV: token of the job, time it gets for trying. Returns: 0 closed, -1 try, or milliseconds to wait. */
const admit = `${clock}
local openUntil = tonumber(redis.call('HGET', KEYS[1], 'openUntil'))
if not openUntil then return 0 end
if now < openUntil then return openUntil - now end
if now < (tonumber(redis.call('HGET', KEYS[1], 'canaryUntil')) or 0) then return ${askAgainMs} end
redis.call('HSET', KEYS[1], 'canary', ARGV[1], 'canaryUntil', now + ARGV[2])
return -1`;

/** KEYS: circuit. ARGV: 1 for a failure, window, least calls, time open. Returns 1 when this call opened the circuit. */
const record = `${clock}
if redis.call('HEXISTS', KEYS[1], 'openUntil') == 1 then return 0 end
local step = math.floor(now * 10 / ARGV[2])
redis.call('HINCRBY', KEYS[1], 'calls:' .. step, 1)
if ARGV[1] == '1' then redis.call('HINCRBY', KEYS[1], 'failed:' .. step, 1) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
local sums, fields = { calls = 0, failed = 0 }, redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local kind, at = string.match(fields[i], '^(%a+):(%d+)$')
  if tonumber(at) <= step - 10 then redis.call('HDEL', KEYS[1], fields[i])
  else sums[kind] = sums[kind] + fields[i + 1] end
end
if ARGV[1] == '0' or sums.calls < tonumber(ARGV[3]) or sums.failed * 2 < sums.calls then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'openUntil', now + ARGV[4])
return 1`;

/** KEYS: circuit. ARGV: token, what the job found: answered, failed or nothing; time open. */
const settle = `${clock}
if redis.call('HGET', KEYS[1], 'canary') ~= ARGV[1] then return 0 end
if ARGV[2] == 'answered' then return redis.call('DEL', KEYS[1]) end
redis.call('HDEL', KEYS[1], 'canary', 'canaryUntil')
if ARGV[2] == 'failed' then redis.call('HSET', KEYS[1], 'openUntil', now + ARGV[3]) end
return 1`;

/** What a job found out by its calls to a provider. */
export interface Pass {
  /** The circuit was half-open: this is the one job that tries, and what it finds first decides for all. */
  readonly isCanary: boolean;
  /** The provider answered, if only to refuse. */
  answered(): Promise<void>;
  /** The provider did not answer, or answered that it cannot. */
  failed(): Promise<void>;
  /** The job makes no more calls. */
  leave(): Promise<void>;
}

/**
 * Admits a job that calls the provider through a program of its own, such as terraform. Throws PostponeError
 * PROVIDER_CIRCUIT_OPEN, a ProviderError when the credential cannot be used for any call, or `signal.reason`.
 */
export type EnterCircuit = (credential: CloudCredential, signal: AbortSignal) => Promise<Pass>;

/**
 * Keeps all workers together from calling a provider that is down. Closed until half of enough calls failed; then open
 * for a while; then one job of all workers tries, and its first call decides. Libraries for Node.js keep this state in
 * each process (opossum, cockatiel), where 20 workers send 20 canaries; here Redis holds it, and its clock decides.
 * While Redis is away everybody passes.
 */
export class CircuitBreaker {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #settings: CircuitSettings;
  readonly #onOpen: (provider: ProviderName) => void;

  constructor(
    redis: Redis,
    options: {
      /** Key prefix in Redis. */
      prefix: string;
      settings?: CircuitSettings;
      /** Told once among all workers, each time a circuit opens. */
      onOpen?: (provider: ProviderName) => void;
    },
  ) {
    this.#redis = redis;
    this.#prefix = options.prefix;
    this.#settings = options.settings ?? circuitSettings;
    this.#onOpen = options.onOpen ?? (() => {});
  }

  /** Lets a job call the provider. Throws PostponeError PROVIDER_CIRCUIT_OPEN with the time to wait. */
  async enter(provider: ProviderName): Promise<Pass> {
    const token = randomUUID();
    const waitMs = (await this.#run(admit, provider, token, this.#settings.canaryMs)) ?? 0;
    if (waitMs > 0) {
      const message = `${provider} does not answer most calls; all its jobs wait`;
      throw new PostponeError("PROVIDER_CIRCUIT_OPEN", message, waitMs);
    }
    return waitMs < 0 ? this.#canary(provider, token) : this.#ordinary(provider);
  }

  #ordinary(provider: ProviderName): Pass {
    const { windowMs, leastCalls, openMs } = this.#settings;
    const count = async (failure: 0 | 1): Promise<void> => {
      const opened = await this.#run(record, provider, failure, windowMs, leastCalls, openMs);
      if (opened === 1) this.#onOpen(provider);
    };
    return {
      isCanary: false,
      answered: async () => count(0),
      failed: async () => count(1),
      leave: async () => {},
    };
  }

  #canary(provider: ProviderName, token: string): Pass {
    let isSettled = false;
    const ordinary = this.#ordinary(provider);
    const decide = async (verdict: "answered" | "failed" | "nothing"): Promise<void> => {
      if (isSettled) return verdict === "nothing" ? undefined : ordinary[verdict]();
      isSettled = true;
      await this.#run(settle, provider, token, verdict, this.#settings.openMs);
    };
    return {
      isCanary: true,
      answered: async () => decide("answered"),
      failed: async () => decide("failed"),
      leave: async () => decide("nothing"),
    };
  }

  /** The script's answer, or undefined when Redis has none in time. */
  async #run(
    script: string,
    provider: ProviderName,
    ...args: (string | number)[]
  ): Promise<number | undefined> {
    if (this.#redis.status !== "ready") return undefined;
    const key = `${this.#prefix}:circuit:${provider}`;
    const stop = new AbortController();
    const late = delay(patienceMs, undefined, { signal: stop.signal }).catch(() => undefined);
    const answer = this.#redis.eval(script, 1, key, ...args).then(Number, () => undefined);
    const first = await Promise.race([answer, late]);
    stop.abort();
    return first;
  }
}
