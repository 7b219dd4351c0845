import type { Resource } from "../entities/resource.ts";
import { findActiveCredentials, findCredential } from "../tables/credentials.ts";
import { findResource } from "../tables/resources.ts";
import {
  checkVariables,
  findModule,
  InvalidVariablesError,
  type Module,
  UnknownModuleError,
} from "../terraform/module.ts";
import { type AuthorisedCredential, openCredential } from "./authorise.ts";
import { GiveUpError } from "./errors.ts";
import type { Services } from "./services.ts";

/** A resource that a job may work on: the user's own, with a module, valid variables and one usable credential. */
export interface TerraformTarget {
  resource: Resource;
  credential: AuthorisedCredential;
  module: Module;
  variables: Record<string, unknown>;
}

const path = "/resourceId";

/**
 * Loads what a job needs to work on its resource. Throws GiveUpError: RESOURCE_NOT_FOUND (also for another user's),
 * UNKNOWN_MODULE, INVALID_SPEC, and the codes of authoriseCredential.
 */
export async function authoriseResource(
  services: Pick<Services, "database" | "secrets">,
  payload: { userId: number; resourceId: number },
): Promise<TerraformTarget> {
  const resource = await findResource(services.database, payload.userId, payload.resourceId);
  if (!resource) {
    const problem = `user ${payload.userId} has no resource ${payload.resourceId}`;
    throw new GiveUpError("RESOURCE_NOT_FOUND", problem, path);
  }
  const module = await moduleOf(resource);
  const credential = await credentialOf(services, resource);
  const variables = variablesOf(module, resource, credential);
  return { resource, credential, module, variables };
}

async function moduleOf(resource: Resource): Promise<Module> {
  try {
    return await findModule(resource.provider, resource.type);
  } catch (error) {
    if (!(error instanceof UnknownModuleError)) throw error;
    throw new GiveUpError("UNKNOWN_MODULE", error.message, path);
  }
}

/** Where a resource goes when neither its spec nor its credential names a region. */
const defaultRegions = { aws: "us-east-1", azure: "eastus", gcp: "us-central1" };

function variablesOf(
  module: Module,
  resource: Resource,
  { provider, cloud }: AuthorisedCredential,
): Record<string, unknown> {
  const ownRegion = "region" in cloud ? cloud.region : null;
  const region = ownRegion ?? defaultRegions[provider];
  try {
    return checkVariables(module, { name: resource.name, region, ...resource.spec });
  } catch (error) {
    if (!(error instanceof InvalidVariablesError)) throw error;
    throw new GiveUpError(
      "INVALID_SPEC",
      `spec of resource ${resource.id}: ${error.message}`,
      path,
    );
  }
}

async function credentialOf(
  { database, secrets }: Pick<Services, "database" | "secrets">,
  resource: Resource,
): Promise<AuthorisedCredential> {
  if (resource.credentialId !== null) {
    const own = await findCredential(database, resource.userId, resource.credentialId);
    if (own) return openCredential(secrets, own);
  }
  const candidates = await findActiveCredentials(database, resource.userId, resource.provider);
  const [only] = candidates;
  if (only && candidates.length === 1) return openCredential(secrets, only);
  const found = candidates.length === 0 ? "no active credential" : "several active credentials";
  const problem = `user ${resource.userId} has ${found} for ${resource.provider}; set resources.credential_id`;
  throw new GiveUpError("CREDENTIAL_AMBIGUOUS", problem, path);
}
