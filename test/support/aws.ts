import type { RegionResources, SimulatedAccount } from "../../local/clouds/aws/account.ts";
import { regionOf } from "../../local/clouds/aws/account.ts";
import type { AwsOptions, SimulatedAws } from "../../local/clouds/aws.ts";
import { startAws } from "../../local/clouds/aws.ts";
import { type AwsPatience, openAws } from "../../providers/aws/provider.ts";
import type { AwsCredential } from "../../providers/credential.ts";
import type {
  CostLine,
  CostWindow,
  DiscoveredResource,
  Page,
  Provider,
  Scope,
} from "../../providers/provider.ts";
import type { CredentialSettings } from "../../providers/settings.ts";

export const accountId = "123456789012";
export const secretKey = "simulated/secret+key";

/** One account in a simulated AWS of its own and the provider that reads it. */
export interface AwsWorld {
  aws: SimulatedAws;
  account: SimulatedAccount;
  /** What `eu-west-1` holds; it is empty at first. */
  ireland: RegionResources;
  credential: AwsCredential;
  provider: Provider;
  /** Another provider for the same account. */
  open(settings: CredentialSettings, patience?: AwsPatience): Provider;
  close(): Promise<void>;
}

/** Starts an account with the regions `us-east-1` and `eu-west-1`. */
export async function setupAws(options: AwsOptions = {}): Promise<AwsWorld> {
  const aws = await startAws(options);
  const accessKey = "AKIASIMULATED";
  const regions = ["us-east-1", "eu-west-1"];
  const account = aws.accounts.open({ accessKey, secretKey, accountId, regions });
  const credential = { provider: "aws" as const, accessKey, secretKey, region: null, settings: {} };
  const opened: Provider[] = [];
  const open = (settings: CredentialSettings, patience?: AwsPatience) => {
    const provider = openAws({ ...credential, settings }, { aws: aws.url }, patience);
    opened.push(provider);
    return provider;
  };
  return {
    aws,
    account,
    ireland: regionOf(account, "eu-west-1"),
    credential,
    provider: open({}),
    open,
    async close() {
      for (const provider of opened) provider.close();
      await aws.close();
    },
  };
}

/** A scope of the account; in `eu-west-1` unless said. */
export function scopeOf(kind: string, region = "eu-west-1"): Scope {
  return { accountId, region, kind };
}

/** Patience of a test: quick to give up. */
export function impatient(answerMs: number): AwsPatience {
  return {
    listing: { connectMs: 1_000, answerMs, attempts: 2 },
    health: { connectMs: 1_000, answerMs, attempts: 1 },
  };
}

/** A signal that aborts when the test would have failed anyway. */
export function soon(): AbortSignal {
  return AbortSignal.timeout(55_000);
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

export async function allResources(pages: AsyncIterable<Page>): Promise<DiscoveredResource[]> {
  return (await collect(pages)).flatMap((page) => page.resources);
}

/** Pages of the provider's cost API. Throws TypeError if it has none. */
export function costsOf(
  provider: Provider,
  window: CostWindow,
  signal: AbortSignal,
): Promise<CostLine[][]> {
  const pages = provider.costs?.(window, signal);
  if (!pages) throw new TypeError(`${provider.name} has no cost API`);
  return collect(pages);
}
