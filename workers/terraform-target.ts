import type { DataSource } from "typeorm";
import type { Credential } from "../entities/credential.ts";
import type { Resource } from "../entities/resource.ts";
import type { GcpCredential } from "../providers/credential.ts";
import { ProviderError } from "../providers/errors.ts";
import { parseServiceAccount } from "../providers/gcp/service-account.ts";
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

/** A resource that a job may work on: the user's own, with a module and one usable credential. */
export interface TerraformTarget {
  resource: Resource;
  credential: AuthorisedCredential;
  module: Module;
}

const path = "/resourceId";

/**
 * Loads what a job needs to work on its resource. Throws GiveUpError: RESOURCE_NOT_FOUND (also for another user's),
 * UNKNOWN_MODULE, CREDENTIAL_AMBIGUOUS, CREDENTIAL_MISMATCH, and the codes of authoriseCredential.
 */
export async function authoriseResource(
  services: Pick<Services, "database" | "secrets">,
  payload: { userId: number; resourceId: number },
): Promise<TerraformTarget> {
  const resource = await ownResource(services, payload);
  const module = await moduleOf(resource);
  const credential = await credentialOf(services, resource);
  return { resource, credential, module };
}

/** The resource a job names, if it is the user's own. Throws GiveUpError RESOURCE_NOT_FOUND, also for another user's. */
export async function ownResource(
  { database }: Pick<Services, "database">,
  { userId, resourceId }: { userId: number; resourceId: number },
): Promise<Resource> {
  const resource = await findResource(database, userId, resourceId);
  if (resource) return resource;
  throw new GiveUpError("RESOURCE_NOT_FOUND", `user ${userId} has no resource ${resourceId}`, path);
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

/** What a resource wants of its module. Throws GiveUpError INVALID_SPEC. */
export function variablesOf({
  module,
  resource,
  credential,
}: TerraformTarget): Record<string, unknown> {
  const region = credential.region ?? defaultRegions[credential.provider];
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
  const { id, credentialId, provider } = resource;
  const row =
    credentialId === null
      ? await onlyCredential(database, resource)
      : await ownCredential(database, resource, credentialId);
  if (row.provider !== provider) {
    const problem = `credential ${row.id} is for ${row.provider}, resource ${id} for ${provider}; mend resources.credential_id`;
    throw new GiveUpError("CREDENTIAL_MISMATCH", problem, path);
  }
  const credential = openCredential(secrets, row, path);
  if (credential.cloud.provider === "gcp") checkKeyFile(credential.cloud);
  return credential;
}

async function ownCredential(
  database: DataSource,
  { id, userId }: Resource,
  credentialId: number,
): Promise<Credential> {
  const row = await findCredential(database, userId, credentialId);
  if (row) return row;
  const problem = `user ${userId} has no credential ${credentialId}, which resource ${id} names; mend resources.credential_id`;
  throw new GiveUpError("CREDENTIAL_NOT_FOUND", problem, path);
}

async function onlyCredential(
  database: DataSource,
  { userId, provider }: Resource,
): Promise<Credential> {
  const [only, ...others] = await findActiveCredentials(database, userId, provider);
  if (!only) {
    const problem = `user ${userId} has no active credential for ${provider}`;
    throw new GiveUpError("CREDENTIAL_NOT_FOUND", problem, path);
  }
  if (others.length === 0) return only;
  const problem = `user ${userId} has several active credentials for ${provider}; set resources.credential_id`;
  throw new GiveUpError("CREDENTIAL_AMBIGUOUS", problem, path);
}

/** Terraform would take any kind of key file: some name a URL or a file of this machine to be sent there. */
function checkKeyFile({ serviceAccountJson }: GcpCredential): void {
  try {
    parseServiceAccount(serviceAccountJson);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    throw new GiveUpError(error.code, error.message, path);
  }
}
