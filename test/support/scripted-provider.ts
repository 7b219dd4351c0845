import { ProviderError } from "../../providers/errors.ts";
import type {
  DiscoveredResource,
  Discovery,
  ListOptions,
  Page,
  Provider,
  Scope,
} from "../../providers/provider.ts";

/** What one listing does, step by step: hand out a page, fail, or do something that a test wants to happen there. */
export type Step = DiscoveredResource[] | Page | Error | (() => Promise<void>);

/** A provider of our own port that lists what a test wrote down. Change `scripts` between two syncs. */
export class ScriptedProvider implements Provider {
  readonly name = "aws";
  accountId = "123456789012";
  /** By `region kind`; the keys are what is discovered. */
  scripts: Record<string, Step[]> = {};
  assumed = false;
  /** Every listing that was begun, by its key. */
  listed: string[] = [];
  isClosed = false;

  async discover(): Promise<Discovery> {
    const scopes = Object.keys(this.scripts).map((key) => {
      const [region = "", kind = ""] = key.split(" ");
      return { accountId: this.accountId, region, kind };
    });
    const identity = { accountId: this.accountId, displayName: null };
    return { identity, scopes, assumed: this.assumed };
  }

  async *list({ region, kind }: Scope, { signal, cursor }: ListOptions): AsyncGenerator<Page> {
    const key = `${region} ${kind}`;
    this.listed.push(cursor === undefined ? key : `${key} after ${cursor}`);
    for (const step of stepsAfter(this.scripts[key] ?? [], cursor)) {
      signal.throwIfAborted();
      if (step instanceof Error) throw step;
      if (typeof step === "function") await step();
      else yield Array.isArray(step) ? { resources: step, cursor: null } : step;
    }
  }

  async checkHealth(): Promise<never> {
    throw new Error("this provider only lists");
  }

  close(): void {
    this.isClosed = true;
  }
}

/** What follows the page that gave this cursor out. A cursor that no page gave out is refused. */
function stepsAfter(steps: Step[], cursor: string | undefined): Step[] {
  if (cursor === undefined) return steps;
  const index = steps.findIndex((step) => "cursor" in step && step.cursor === cursor);
  return index < 0 ? [trouble("INVALID_REQUEST")] : steps.slice(index + 1);
}

/** A page with more to come. */
export function page(resources: DiscoveredResource[], cursor: string): Page {
  return { resources, cursor };
}

/** A running instance with the given number. */
export function instance(
  number: number,
  changes: Partial<DiscoveredResource> = {},
): DiscoveredResource {
  const id = `i-${String(number).padStart(6, "0")}`;
  return {
    resourceId: `arn:aws:ec2:eu-west-1:123456789012:instance/${id}`,
    name: `vm-${number}`,
    type: "vm",
    region: "eu-west-1",
    status: "running",
    metadata: {
      kind: "ec2:instance",
      native_status: "running",
      native_id: id,
      tags: { team: "a" },
    },
    ...changes,
  };
}

/** Instances `from` to `to`, both included. */
export function instances(from: number, to: number): DiscoveredResource[] {
  return Array.from({ length: to - from + 1 }, (_, index) => instance(from + index));
}

/** Trouble of the given kind, as an adapter would report it. */
export function trouble(code: ProviderError["code"], retryAfterMs?: number): ProviderError {
  const facts = { provider: "aws", nativeCode: null, operation: "ec2:Describe" } as const;
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new ProviderError(code, `it said ${code}`, { ...facts, ...wait });
}
