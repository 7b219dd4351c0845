import type { Subscription } from "@azure/arm-resources-subscriptions";
import type { TokenCredential } from "@azure/identity";
import { ProviderError } from "../errors.ts";
import type { Identity } from "../provider.ts";
import { timed } from "../timed.ts";
import { listingPatience, type Patience } from "./call-policies.ts";
import { callAzure } from "./errors.ts";
import { type AzureSession, clientOptions } from "./session.ts";

const operation = "arm:GetSubscription";

/** States in which Azure still serves a subscription but says that something is wrong with it. */
const degradedStates: Readonly<Record<string, string>> = {
  warned: "The subscription is in state Warned: Azure will disable it unless its owner acts",
  pastdue: "The subscription is in state PastDue: a payment is overdue",
};

/** The credential's subscription as Azure answered. */
export interface SubscriptionReading {
  identity: Identity;
  /** Why the subscription is not fully usable; null when it is. */
  degraded: string | null;
  /** How long the answer took on the monotonic clock. */
  responseTimeMs: number;
}

/** Reads the subscription once. Throws `ACCOUNT_UNUSABLE` when it is disabled or deleted. */
export async function readSubscription(
  session: AzureSession,
  tokens: TokenCredential,
  signal: AbortSignal,
  patience: Patience = listingPatience,
): Promise<SubscriptionReading> {
  const { SubscriptionClient } = await import("@azure/arm-resources-subscriptions");
  const options = clientOptions(session, operation, signal, patience);
  const client = new SubscriptionClient(tokens, options);
  const { subscriptionId } = session.credential;
  const { answer, answerMs } = await timed(async () => {
    const get = () => client.subscriptions.get(subscriptionId);
    const subscription = await callAzure(operation, signal, get);
    return { ...identityOf(subscription, subscriptionId), degraded: degradationOf(subscription) };
  });
  const { degraded, ...identity } = answer;
  return { identity, degraded, responseTimeMs: answerMs };
}

function identityOf(answer: Subscription, asked: string): Identity {
  return {
    accountId: (answer.subscriptionId ?? asked).toLowerCase(),
    displayName: answer.displayName ?? null,
  };
}

function degradationOf({ state }: Subscription): string | null {
  const word = state?.toLowerCase() ?? "";
  if (word === "enabled") return null;
  const degraded = degradedStates[word];
  if (degraded !== undefined) return degraded;
  throw new ProviderError(
    "ACCOUNT_UNUSABLE",
    `The subscription is in state ${state ?? "unknown"}: Azure does not serve it`,
    { provider: "azure", nativeCode: state ?? null, operation },
  );
}
