import express, { type Request, type Response, type Router } from "express";
import type { FaultScript } from "../faults.ts";
import { answerAuthorityError, renderAuthorityEffect } from "./answers.ts";
import type { AzureState, SimulatedApp } from "./state.ts";
import { type TokenLedger, tokenLifetimeSeconds } from "./tokens.ts";

/** The parts of the simulation that its routers share. */
export interface AzureWorld {
  state: AzureState;
  faults: FaultScript;
  tokens: TokenLedger;
  /** Origin of the server, known once it listens. */
  origin(): string;
}

/** Microsoft Entra ID: the discovery document of a tenant, and tokens for its applications. */
export function authorityRouter(world: AzureWorld): Router {
  const router = express.Router();
  router.get("/:tenant/v2.0/.well-known/openid-configuration", (request, response, fail) => {
    configure(world, request.params.tenant, response).catch(fail);
  });
  const form = express.text({ type: "application/x-www-form-urlencoded" });
  router.post("/:tenant/oauth2/v2.0/token", form, (request, response, fail) => {
    signIn(world, request.params.tenant, request, response).catch(fail);
  });
  return router;
}

async function configure(world: AzureWorld, tenant: string, response: Response): Promise<void> {
  const effect = await world.faults.meet(calledBy("entra:GetConfiguration", null));
  if (!renderAuthorityEffect(effect, response)) answerConfiguration(world, tenant, response);
}

async function signIn(
  world: AzureWorld,
  tenant: string,
  request: Request,
  response: Response,
): Promise<void> {
  const body: unknown = request.body;
  const form = new URLSearchParams(typeof body === "string" ? body : "");
  const effect = await world.faults.meet(calledBy("entra:GetToken", form.get("client_id")));
  if (!renderAuthorityEffect(effect, response)) answerToken(world, tenant, form, response);
}

function calledBy(operation: string, principal: string | null) {
  return { operation, region: null, principal, page: 1 };
}

function answerConfiguration(world: AzureWorld, tenant: string, response: Response): void {
  if (!world.state.apps.some((app) => app.tenantId === tenant))
    return answerUnknownTenant(tenant, response);
  const base = `${world.origin()}/${tenant}`;
  response.json({
    token_endpoint: `${base}/oauth2/v2.0/token`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    issuer: `${base}/v2.0`,
    response_types_supported: ["code", "id_token"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
  });
}

function answerToken(
  { state, tokens }: AzureWorld,
  tenant: string,
  form: URLSearchParams,
  response: Response,
): void {
  const ofTenant = state.apps.filter((app) => app.tenantId === tenant);
  if (ofTenant.length === 0) return answerUnknownTenant(tenant, response);
  const clientId = form.get("client_id") ?? "";
  const app = ofTenant.find((candidate) => candidate.clientId === clientId);
  if (app === undefined) {
    const text = `AADSTS700016: Application with identifier '${clientId}' was not found in the directory '${tenant}'.`;
    return answerAuthorityError(response, 400, "unauthorized_client", text);
  }
  const refusal = refusalOf(app, form.get("client_secret"));
  if (refusal !== null) return answerAuthorityError(response, 401, "invalid_client", refusal);
  response.json({
    token_type: "Bearer",
    expires_in: tokenLifetimeSeconds,
    ext_expires_in: tokenLifetimeSeconds,
    access_token: tokens.mint(tenant, clientId, form.get("scope") ?? ""),
  });
}

function refusalOf(app: SimulatedApp, secret: string | null): string | null {
  if (secret !== app.secret)
    return `AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${app.clientId}'.`;
  if (app.secretState === "expired")
    return `AADSTS7000222: The provided client secret keys for app '${app.clientId}' are expired.`;
  return null;
}

function answerUnknownTenant(tenant: string, response: Response): void {
  const text = `AADSTS90002: Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`;
  answerAuthorityError(response, 400, "invalid_request", text);
}
