import { type Endpoints, isSafeEndpoint } from "./endpoints.ts";

/** The operator pointed an SDK at a place where credentials would travel unprotected. */
export class UnsafeEndpointError extends Error {
  override readonly name = "UnsafeEndpointError";
  readonly code = "CONFIG_INVALID";

  constructor(variable: string) {
    super(`${variable}: expected https, or http to this machine (localhost, 127.0.0.1)`);
  }
}

const gcpVariables = ["GCP_ENDPOINT", "GCP_TOKEN_URL"] as const;

/**
 * Endpoints as the environment sets them. AWS is left to its SDK, which reads `AWS_ENDPOINT_URL` and one variable per
 * service itself. Throws UnsafeEndpointError for plain http to another machine.
 */
export function operatorEndpoints(environment: NodeJS.ProcessEnv): Endpoints {
  const aws = Object.keys(environment).filter((name) => name.startsWith("AWS_ENDPOINT_URL"));
  for (const variable of [...aws, ...gcpVariables]) {
    const url = environment[variable];
    if (url && !(URL.canParse(url) && isSafeEndpoint(url))) throw new UnsafeEndpointError(variable);
  }
  const resourceManager = environment["AZURE_RESOURCE_MANAGER_ENDPOINT"];
  const authorityHost = environment["AZURE_AUTHORITY_HOST"];
  const api = environment["GCP_ENDPOINT"];
  const token = environment["GCP_TOKEN_URL"];
  return {
    azure: { ...(resourceManager && { resourceManager }), ...(authorityHost && { authorityHost }) },
    gcp: { ...(api && { api }), ...(token && { token }) },
  };
}
