import type { ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";

/** What a simulated cloud does instead of, or to, its answer. Each cloud renders it in its own wire form. */
const effectSchema = z.discriminatedUnion("kind", [
  /** The provider's own throttling answer; `status` where a provider has more than one form. */
  z.strictObject({
    kind: z.literal("throttle"),
    retryAfterSeconds: z.number().nonnegative().optional(),
    status: z.union([z.literal(403), z.literal(429), z.literal(503)]).optional(),
  }),
  /** The caller lacks the permission for this operation. */
  z.strictObject({ kind: z.literal("deny") }),
  /** An error answer with this HTTP status and, if given, this native code. */
  z.strictObject({
    kind: z.literal("error"),
    status: z.number().int().min(400).max(599),
    code: z.string().optional(),
  }),
  /** The connection breaks: before any byte of the answer, or in the middle of its body. */
  z.strictObject({ kind: z.literal("reset"), midBody: z.boolean().optional() }),
  /** A page without items but with a token; the token continues where this page would have begun. */
  z.strictObject({ kind: z.literal("empty-page") }),
  /** The right items, but the token that came in goes out again (for a first page: a token that leads back to it). */
  z.strictObject({ kind: z.literal("repeated-token") }),
  /** No answer, ever; the connection stays open. */
  z.strictObject({ kind: z.literal("hang") }),
]);
export type Effect = z.infer<typeof effectSchema>;

/** Which calls are met, and how. All conditions must hold; an absent one always does. */
export const faultRuleSchema = z.strictObject({
  /** `<service>:<Operation>` such as `ec2:DescribeVolumes`; a trailing `*` matches any ending; absent: every call. */
  operation: z.string().optional(),
  region: z.string().optional(),
  /** Access key id, client id or service-account address of the caller. */
  principal: z.string().optional(),
  /** Number of the page asked for, from 1. */
  page: z.number().int().positive().optional(),
  /** Number of the call among those that this rule would otherwise match, from 1. */
  call: z.number().int().positive().optional(),
  /** Only the first attempts of a call, up to this one, where the client says which attempt it is (AWS SDKs do). */
  upToAttempt: z.number().int().positive().optional(),
  /** How often the rule applies before it is spent; unlimited if absent. */
  times: z.number().int().positive().optional(),
  /** Waits so long before the answer, or before the effect. */
  latencyMs: z.number().nonnegative().optional(),
  /** Absent: the call is answered normally, after `latencyMs`. */
  effect: effectSchema.optional(),
});
export type FaultRule = z.infer<typeof faultRuleSchema>;

/** One call as a simulated cloud understood it. */
export interface SimulatedCall {
  /** `<service>:<Operation>`, the same names that `ProviderError.operation` uses. */
  operation: string;
  region: string | null;
  principal: string | null;
  /** Number of the page asked for, from 1. */
  page: number;
  /** Number of the attempt, from 1, if the client says it. */
  attempt?: number;
}

/** A call with what became of it. */
export interface RecordedCall extends SimulatedCall {
  effect: Effect["kind"] | null;
}

interface ActiveRule {
  rule: FaultRule;
  matched: number;
  applied: number;
}

const callsKept = 100_000;

/**
 * The faults and the call log of one simulated cloud. Rules are tried in the order they were pushed; the first that
 * matches decides, later ones do not see the call. Plain data, so another process can send the rules (control.ts).
 */
export class FaultScript {
  /** Every call since the start or the last `forget`, oldest first; the newest 100,000 are kept. */
  readonly calls: RecordedCall[] = [];
  /** Added to every call, in milliseconds: how slow this cloud is when nothing is wrong. */
  latencyMs = 0;
  private active: ActiveRule[] = [];

  /** Adds rules behind those already there. */
  push(...rules: FaultRule[]): void {
    this.active.push(...rules.map((rule) => ({ rule, matched: 0, applied: 0 })));
  }

  /** Drops all rules and the general latency; the call log stays. */
  clear(): void {
    this.active = [];
    this.latencyMs = 0;
  }

  /** Empties the call log. */
  forget(): void {
    this.calls.length = 0;
  }

  /** The calls of one operation, oldest first. */
  callsOf(operation: string): RecordedCall[] {
    return this.calls.filter((call) => call.operation === operation);
  }

  /** Records the call, waits the latency that it is due, and says what shall happen to it: null for a normal answer. */
  async meet(call: SimulatedCall): Promise<Effect | null> {
    const rule = this.active.find((candidate) => applies(candidate, call))?.rule;
    const effect = rule?.effect ?? null;
    this.calls.push({ ...call, effect: effect?.kind ?? null });
    if (this.calls.length > callsKept) this.calls.shift();
    const latencyMs = this.latencyMs + (rule?.latencyMs ?? 0);
    if (latencyMs > 0) await wait(latencyMs);
    return effect;
  }
}

/** Counts the call against the rule, so it must be asked once a call. */
function applies(candidate: ActiveRule, call: SimulatedCall): boolean {
  const { rule } = candidate;
  if (rule.times !== undefined && candidate.applied >= rule.times) return false;
  if (!namesOperation(rule.operation, call.operation)) return false;
  if (rule.region !== undefined && rule.region !== call.region) return false;
  if (rule.principal !== undefined && rule.principal !== call.principal) return false;
  if (rule.page !== undefined && rule.page !== call.page) return false;
  if (rule.upToAttempt !== undefined && (call.attempt ?? 1) > rule.upToAttempt) return false;
  candidate.matched += 1;
  if (rule.call !== undefined && rule.call !== candidate.matched) return false;
  candidate.applied += 1;
  return true;
}

function namesOperation(pattern: string | undefined, operation: string): boolean {
  if (pattern === undefined) return true;
  if (pattern.endsWith("*")) return operation.startsWith(pattern.slice(0, -1));
  return pattern === operation;
}

/**
 * Carries out the effects that are the same on every wire: `reset` and `hang`. Returns true if the answer is thereby
 * dealt with and nothing more may be written.
 */
export function breakConnection(effect: Effect | null, response: ServerResponse): boolean {
  if (effect?.kind === "hang") return true;
  if (effect?.kind !== "reset") return false;
  if (!effect.midBody) {
    response.socket?.destroy();
    return true;
  }
  response.writeHead(200, { "content-type": "text/plain", "content-length": 1_000 });
  response.write("cut off", () => response.socket?.destroy());
  return true;
}
