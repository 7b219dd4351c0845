import express, { type Request, type Response, type Router } from "express";
import { type Asker, answerArmError, answerDenied, renderArmEffect } from "./answers.ts";
import type { AzureWorld } from "./authority.ts";
import { genericBody, locationBodies, machineBody, statusBody } from "./bodies.ts";
import { cutPage, nextLink, pageStart } from "./paging.ts";
import { findSubscription, type SimulatedSubscription } from "./state.ts";

/** The query options that change an answer; empty where the caller gave none. */
interface ArmQuery {
  filter: string;
  expand: string;
  statusOnly: boolean;
}

/** One ARM call: its name in faults and call log, the right it needs, and how a subscription answers it. */
interface ArmOperation {
  operation: string;
  action: string;
  /** The namespace that must be registered, in lower case. */
  namespace?: string;
  answer: (subscription: SimulatedSubscription, query: ArmQuery) => object;
}

const operations: Record<string, ArmOperation> = {
  "/subscriptions/:subscription": {
    operation: "arm:GetSubscription",
    action: "Microsoft.Resources/subscriptions/read",
    answer: subscriptionBody,
  },
  "/subscriptions/:subscription/locations": {
    operation: "arm:ListLocations",
    action: "Microsoft.Resources/subscriptions/locations/read",
    answer: locationBodies,
  },
  "/subscriptions/:subscription/resources": {
    operation: "arm:ListResources",
    action: "Microsoft.Resources/subscriptions/resources/read",
    answer: ({ resources }, { filter, expand }) => {
      const location = /location eq '([^']*)'/.exec(filter)?.[1];
      return resources
        .filter((resource) => location === undefined || isIn(resource.location, location))
        .map((resource) => genericBody(resource, expand));
    },
  },
  "/subscriptions/:subscription/providers/Microsoft.Compute/virtualMachines": {
    operation: "compute:ListVirtualMachines",
    action: "Microsoft.Compute/virtualMachines/read",
    namespace: "microsoft.compute",
    answer: ({ resources }, { statusOnly }) =>
      resources
        .filter(({ type }) => type.toLowerCase() === "microsoft.compute/virtualmachines")
        .map(statusOnly ? statusBody : machineBody),
  },
};

/** Azure Resource Manager, as far as inventory and health need it. Lists are paged by `pageSize`. */
export function resourceManagerRouter(world: AzureWorld, pageSize: number): Router {
  const router = express.Router();
  router.get("/subscriptions", (request, response, fail) => {
    listSubscriptions(world, request, response).catch(fail);
  });
  for (const [path, operation] of Object.entries(operations)) {
    router.get(path, (request, response, fail) => {
      perform(world, operation, pageSize, request, response).catch(fail);
    });
  }
  return router;
}

async function perform(
  world: AzureWorld,
  { operation, action, namespace, answer }: ArmOperation,
  pageSize: number,
  request: Request,
  response: Response,
): Promise<void> {
  const subscriptionId = String(request.params["subscription"]);
  const start = pageStart(request.query["$skiptoken"]);
  const claims = world.tokens.read(request.get("authorization"));
  const principal = claims?.clientId ?? null;
  const effect = await world.faults.meet({ operation, region: null, principal, page: start.page });
  const asker: Asker = {
    clientId: principal ?? "",
    action,
    scope: `/subscriptions/${subscriptionId}`,
  };
  if (renderArmEffect(effect, response, asker)) return;
  if (claims === null || claims.audience !== world.origin())
    return answerUnauthorized(response, "InvalidAuthenticationToken");
  const subscription = findSubscription(world.state, subscriptionId);
  if (subscription === undefined) return answerUnknownSubscription(response, subscriptionId);
  if (subscription.tenantId !== claims.tenantId)
    return answerUnauthorized(response, "InvalidAuthenticationTokenTenant");
  if (!subscription.readers.includes(claims.clientId)) return answerDenied(response, asker);
  if (namespace !== undefined && subscription.unregistered.includes(namespace))
    return answerUnregistered(response, namespace);
  const body = answer(subscription, queryOf(request));
  if (!Array.isArray(body)) return void response.json(body);
  const { items, next } = cutPage(body, start, pageSize, effect);
  const link = next && nextLink(world.origin(), request.originalUrl, next);
  response.json({ value: items, ...(link !== null && { nextLink: link }) });
}

async function listSubscriptions(
  { state, faults, tokens }: AzureWorld,
  request: Request,
  response: Response,
): Promise<void> {
  const operation = "arm:ListSubscriptions";
  const claims = tokens.read(request.get("authorization"));
  const principal = claims?.clientId ?? null;
  const effect = await faults.meet({ operation, region: null, principal, page: 1 });
  const asker = { clientId: principal ?? "", action: operation, scope: "/subscriptions" };
  if (renderArmEffect(effect, response, asker)) return;
  if (claims === null) return answerUnauthorized(response, "InvalidAuthenticationToken");
  const readable = state.subscriptions.filter(({ readers }) => readers.includes(claims.clientId));
  response.json({ value: readable.map(subscriptionBody) });
}

function subscriptionBody(subscription: SimulatedSubscription): object {
  const { subscriptionId, tenantId, displayName, state } = subscription;
  return {
    id: `/subscriptions/${subscriptionId}`,
    authorizationSource: "RoleBased",
    managedByTenants: [],
    subscriptionId,
    tenantId,
    displayName,
    state,
    subscriptionPolicies: { spendingLimit: "Off", locationPlacementId: "Public_2014-09-01" },
  };
}

function queryOf({ query }: Request): ArmQuery {
  return {
    filter: textOf(query["$filter"]),
    expand: textOf(query["$expand"]),
    statusOnly: textOf(query["statusOnly"]).toLowerCase() === "true",
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isIn(location: string | undefined, wanted: string): boolean {
  return location?.toLowerCase().replaceAll(" ", "") === wanted.toLowerCase();
}

function answerUnauthorized(response: Response, code: string): void {
  response.set("WWW-Authenticate", `Bearer error="invalid_token"`);
  answerArmError(response, 401, code, "The access token is invalid.");
}

function answerUnknownSubscription(response: Response, id: string): void {
  const text = `The subscription '${id}' could not be found.`;
  answerArmError(response, 404, "SubscriptionNotFound", text);
}

function answerUnregistered(response: Response, namespace: string): void {
  const text = `The subscription is not registered to use namespace '${namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions.`;
  answerArmError(response, 409, "MissingSubscriptionRegistration", text);
}
