import type { Request, Response } from "express";
import { breakConnection, type Effect, type FaultScript } from "../faults.ts";
import type { Accounts, SimulatedAccount } from "./account.ts";
import { costExplorer } from "./cost-explorer.ts";
import { ec2 } from "./ec2.ts";
import { AwsFailure } from "./failure.ts";
import { pageNumber } from "./paging.ts";
import { s3 } from "./s3.ts";
import type { AwsService } from "./service.ts";
import { isSignedWith, readSignature, type Signature } from "./signature.ts";
import { sts } from "./sts.ts";

/** Services by their name in the credential scope of a signature. */
const services: Record<string, AwsService> = { ec2, s3, sts, ce: costExplorer };

/** What the simulation is made of. */
export interface AwsWorld {
  accounts: Accounts;
  faults: FaultScript;
  /** No page of a listing is larger than this, whatever was asked for. */
  largestPage: number;
}

/** Answers one signed request of any service. */
export async function handle(world: AwsWorld, request: Request, response: Response): Promise<void> {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const signature = readSignature(request.headers.authorization);
  const service = services[signature?.service ?? ""];
  if (!signature || !service) {
    response.status(403).type("text/plain").end("Not signed for a service that is simulated");
    return;
  }
  const { accessKey, region } = signature;
  const call = service.read(request, body);
  const operation = `${signature.service}:${call.action}`;
  const attempt = /attempt=(\d+)/.exec(String(request.headers["amz-sdk-request"]))?.[1];
  const effect = await world.faults.meet({
    operation,
    region,
    principal: accessKey,
    page: pageNumber(call.token),
    ...(attempt === undefined ? {} : { attempt: Number(attempt) }),
  });
  if (breakConnection(effect, response)) return;
  response.type(service.contentType);
  try {
    const account = authenticate(world.accounts, service, signature, request, body);
    refuse(effect, service, account, operation);
    const { largestPage } = world;
    response.end(service.answer(call, { account, region, accessKey, largestPage, effect }));
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error;
    sendFailure(error, service, accessKey, response);
  }
}

function authenticate(
  accounts: Accounts,
  service: AwsService,
  signature: Signature,
  request: Request,
  body: Buffer,
): SimulatedAccount {
  const found = accounts.find(signature.accessKey);
  if (!found || found.key.revoked) {
    const message = `The security token included in the request is invalid: ${signature.accessKey}`;
    throw new AwsFailure(...service.errors.unknownKey, message);
  }
  if (!isSignedWith(found.key.secretKey, signature, request, body)) {
    const message = `The signature of ${signature.accessKey} does not match the one calculated`;
    throw new AwsFailure(...service.errors.wrongSecret, message);
  }
  return found.account;
}

/** Throws the failure that an effect asks for, worded with the ARNs that AWS puts into its messages. */
function refuse(
  effect: Effect | null,
  { errors }: AwsService,
  { accountId }: SimulatedAccount,
  operation: string,
): void {
  if (effect?.kind === "deny") {
    const message = `User: arn:aws:iam::${accountId}:user/inventory-reader is not authorized to perform: ${operation}`;
    throw new AwsFailure(...errors.denied, message);
  }
  if (effect?.kind === "throttle") {
    const [status, code] = errors.throttled;
    throw new AwsFailure(effect.status ?? status, code, "Rate exceeded", effect.retryAfterSeconds);
  }
  if (effect?.kind === "error") {
    throw new AwsFailure(effect.status, effect.code ?? "InternalError", "Simulated error");
  }
}

function sendFailure(
  failure: AwsFailure,
  service: AwsService,
  accessKey: string,
  response: Response,
): void {
  if (failure.retryAfterSeconds !== undefined) {
    response.set("retry-after", String(failure.retryAfterSeconds));
  }
  response.status(failure.status).end(service.failure(failure, accessKey));
}
