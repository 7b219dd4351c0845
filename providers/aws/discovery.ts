import type { AwsCredential } from "../credential.ts";
import { ProviderError, type ProviderErrorCode } from "../errors.ts";
import type { Discovery, Scope } from "../provider.ts";
import type { Clients } from "./clients.ts";
import type { AwsIdentity } from "./identity.ts";
import { awsKinds } from "./kinds.ts";
import { partitionOf } from "./regions.ts";
import { send } from "./send.ts";

/** How many regions are asked before the answer is taken for "nobody tells us". */
const regionsAsked = 4;

/** Refusals that may hold in one region only; the identity itself has been proven by then. */
const refusals = new Set<ProviderErrorCode>([
  "PERMISSION_DENIED",
  "CREDENTIAL_REJECTED",
  "SERVICE_DISABLED",
]);

/** Every kind in every region of the account, narrowed by the user's settings. */
export async function discoverScopes(
  clients: Clients,
  credential: AwsCredential,
  identity: AwsIdentity,
  signal: AbortSignal,
): Promise<Discovery> {
  const named = credential.settings.regions ?? [];
  const wanted = named.length > 0 ? named : undefined;
  const enabled = await enabledRegions(clients, candidates(credential, identity), signal);
  const known = enabled ?? wanted ?? partitionOf(identity.partition).regions;
  const regions = wanted ? known.filter((region) => wanted.includes(region)) : known;
  const { accountId, displayName } = identity;
  const scopes = awsKinds.flatMap(({ kind, isGlobal }): Scope[] =>
    (isGlobal ? ["global"] : regions).map((region) => ({ accountId, region, kind })),
  );
  return { identity: { accountId, displayName }, scopes, assumed: enabled === null };
}

/** A policy may close the first region and leave others open, so a refusal is not believed at once. */
function candidates(credential: AwsCredential, identity: AwsIdentity): string[] {
  const { home, regions } = partitionOf(identity.partition);
  const preferred = [credential.region ?? home, ...(credential.settings.regions ?? [])];
  return [...new Set([...preferred, home, ...regions])].slice(0, regionsAsked);
}

/** Regions that the account can use; null when every region asked refuses to say. */
async function enabledRegions(
  clients: Clients,
  candidateRegions: string[],
  signal: AbortSignal,
): Promise<string[] | null> {
  for (const region of candidateRegions) {
    try {
      return await describeRegions(clients, region, signal);
    } catch (error) {
      if (!(error instanceof ProviderError) || !refusals.has(error.code)) throw error;
    }
  }
  return null;
}

async function describeRegions(
  clients: Clients,
  region: string,
  signal: AbortSignal,
): Promise<string[]> {
  const ec2 = await clients.ec2(region);
  const answer = await send("ec2:DescribeRegions", signal, (options) =>
    ec2.describeRegions({ AllRegions: false }, options),
  );
  const usable = (answer.Regions ?? []).filter((item) => item.OptInStatus !== "not-opted-in");
  return usable.flatMap((item) => item.RegionName ?? []).toSorted();
}
