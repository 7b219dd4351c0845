/**
 * Where the SDKs connect to: sovereign clouds, private endpoints, emulators, simulations. Settings of the operator
 * (environment) or of a test, never of a tenant: a tenant who chose an endpoint could reach our network.
 */
export interface Endpoints {
  /**
   * One endpoint for every AWS service, for tests in one process. By environment the SDK itself reads
   * `AWS_ENDPOINT_URL` and its per-service variants, so processes leave this unset.
   */
  aws?: string;
  azure?: {
    /** `AZURE_RESOURCE_MANAGER_ENDPOINT`, https. */
    resourceManager?: string;
    /** `AZURE_AUTHORITY_HOST`, https. */
    authorityHost?: string;
    /** PEM of a private CA, for tests in one process; processes use `NODE_EXTRA_CA_CERTS`. */
    certificateAuthority?: string;
  };
  gcp?: {
    /** `GCP_ENDPOINT`: one origin that answers for every Google API. */
    api?: string;
    /** `GCP_TOKEN_URL`: where service-account assertions are exchanged for tokens. */
    token?: string;
  };
}

const loopbackHosts = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Whether secrets may be sent to this URL: https anywhere, plain http to this machine only.
 * Throws TypeError when the text is no URL.
 */
export function isSafeEndpoint(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:") return true;
  return protocol === "http:" && loopbackHosts.has(hostname);
}
