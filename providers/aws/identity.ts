import type { STS } from "@aws-sdk/client-sts";
import type { Identity } from "../provider.ts";
import { brokenAnswer } from "./errors.ts";
import { send } from "./send.ts";

/** Who the access key belongs to, and in which partition of AWS. */
export interface AwsIdentity extends Identity {
  partition: string;
}

const operation = "sts:GetCallerIdentity";

/**
 * Asks STS; needs no permission and works under an explicit deny. The client must be a regional one: what the global
 * endpoint says does not hold in opt-in regions.
 */
export async function callerIdentity(sts: STS, signal: AbortSignal): Promise<AwsIdentity> {
  const answer = await send(operation, signal, (options) => sts.getCallerIdentity({}, options));
  const partition = answer.Arn?.split(":")[1];
  if (!answer.Account || !partition) throw brokenAnswer(operation, "AWS named no account");
  return { accountId: answer.Account, displayName: answer.Arn ?? null, partition };
}
