import type { IncomingMessage } from "node:http";
import type { Effect } from "../faults.ts";
import type { SimulatedAccount } from "./account.ts";
import type { AwsFailure } from "./failure.ts";

/** A request as its service understands it. */
export interface AwsCall {
  /** The service's own name of the operation, such as `DescribeVolumes`. */
  action: string;
  /** Page token, if the request carries one. */
  token: string | undefined;
  /** Items wanted on a page, if the request says so. */
  pageSize: number | undefined;
  parameters: Map<string, unknown>;
}

/** What a service needs to answer a call. */
export interface AwsContext {
  account: SimulatedAccount;
  region: string;
  accessKey: string;
  /** No page is larger than this, whatever was asked for. */
  largestPage: number;
  effect: Effect | null;
}

/** HTTP status and native code. */
export type ErrorForm = readonly [status: number, code: string];

/** One service of the simulated AWS: its protocol and its operations. */
export interface AwsService {
  contentType: string;
  read: (request: IncomingMessage, body: Buffer) => AwsCall;
  /** The body of the answer; throws `AwsFailure`. */
  answer: (call: AwsCall, context: AwsContext) => string;
  failure: (failure: AwsFailure, accessKey: string) => string;
  /** How this service words what all of them can refuse. */
  errors: {
    unknownKey: ErrorForm;
    wrongSecret: ErrorForm;
    denied: ErrorForm;
    throttled: ErrorForm;
    unknownAction: ErrorForm;
  };
}

/** Page size of a call within the limits of the simulation. */
export function pageSizeOf(call: AwsCall, context: AwsContext, byDefault: number): number {
  return Math.min(call.pageSize ?? byDefault, context.largestPage);
}

/** Fields of a form body of the query protocols. */
export function readForm(body: Buffer): Map<string, unknown> {
  return new Map(new URLSearchParams(body.toString()));
}

/** A parameter as text, undefined if it is absent. */
export function textOf(parameters: Map<string, unknown>, name: string): string | undefined {
  const value = parameters.get(name);
  return typeof value === "string" ? value : undefined;
}

/** A parameter as a number, undefined if it is absent. */
export function numberOf(parameters: Map<string, unknown>, name: string): number | undefined {
  const value = parameters.get(name);
  return value === undefined ? undefined : Number(value);
}
