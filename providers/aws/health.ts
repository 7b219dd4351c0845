import type { AwsCredential } from "../credential.ts";
import type { Endpoints } from "../endpoints.ts";
import type { HealthObservation } from "../provider.ts";
import { timed } from "../timed.ts";
import { openClients, type Patience } from "./clients.ts";
import { callerIdentity } from "./identity.ts";
import { defaultRegion } from "./regions.ts";

/** One attempt: retries would hide both a failure and the time it took. */
export const healthPatience: Patience = { connectMs: 3_000, answerMs: 5_000, attempts: 1 };

/** Asks STS once through a client of its own. Connecting is part of the time, loading the SDK is not. */
export async function observeHealth(
  credential: AwsCredential,
  endpoints: Endpoints,
  patience: Patience,
  signal: AbortSignal,
): Promise<HealthObservation> {
  const clients = openClients(credential, endpoints, patience);
  try {
    const sts = await clients.sts(credential.region ?? defaultRegion);
    const { answer, answerMs } = await timed(() => callerIdentity(sts, signal));
    const { accountId, displayName } = answer;
    return { identity: { accountId, displayName }, responseTimeMs: answerMs, degraded: null };
  } finally {
    clients.close();
  }
}
