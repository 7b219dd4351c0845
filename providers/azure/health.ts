import type { HealthObservation } from "../provider.ts";
import { timed } from "../timed.ts";
import { openTokenSource } from "./access-token.ts";
import { healthPatience } from "./call-policies.ts";
import { callAzure } from "./errors.ts";
import type { AzureSession } from "./session.ts";
import { readSubscription } from "./subscription.ts";

/**
 * Mints a token of its own, because a cached one outlives its secret by up to an hour, then reads the subscription
 * once. The time of a good check is that of the reading alone.
 */
export async function observeHealth(
  session: AzureSession,
  signal: AbortSignal,
): Promise<HealthObservation> {
  const { credential, authority, tokenScope } = session;
  const source = await openTokenSource(credential, authority, healthPatience);
  const { answer: token } = await timed(() =>
    callAzure("entra:GetToken", signal, () => source.getToken(tokenScope, { abortSignal: signal })),
  );
  // Handing over the token itself: asked again with other options, the source would mint a second one.
  const tokens = { getToken: async () => token };
  return readSubscription(session, tokens, signal, healthPatience);
}
