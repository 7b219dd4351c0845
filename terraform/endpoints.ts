/**
 * What makes terraform's providers use the operator's endpoints, as far as they can be told by environment. By source:
 * - aws 6 reads the variables of its SDK: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 * - azurerm 4 reads a cloud's name, or asks a host for `/metadata/endpoints` and takes every address, also of the
 *   authority, from there: `ARM_ENVIRONMENT`, `ARM_METADATA_HOSTNAME`
 * - google 6 reads one variable per service, a URL that ends as that of the service does
 *
 * @param inherited our own environment, in which the operator sets endpoints for the SDKs; never data of a tenant.
 */
export function endpointEnvironment(
  provider: "aws" | "azure" | "gcp",
  inherited: Record<string, string | undefined>,
): Record<string, string> {
  if (provider === "aws") return awsEndpoints(inherited);
  return provider === "azure" ? azureEndpoints(inherited) : googleEndpoints(inherited);
}

function awsEndpoints(inherited: Record<string, string | undefined>): Record<string, string> {
  const endpoints: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    if (value && /^AWS_ENDPOINT_URL(_[A-Z0-9_]+)?$/.test(name)) endpoints[name] = value;
  }
  return endpoints;
}

/** Clouds that azurerm knows by name, by the host of their resource manager. */
const azureClouds: Record<string, string> = {
  "management.azure.com": "public",
  "management.usgovcloudapi.net": "usgovernment",
  "management.chinacloudapi.cn": "china",
};

/** What is set for azurerm itself counts; else it follows from where the SDK finds the resource manager. */
function azureEndpoints(inherited: Record<string, string | undefined>): Record<string, string> {
  const { ARM_ENVIRONMENT, ARM_METADATA_HOSTNAME } = inherited;
  if (ARM_METADATA_HOSTNAME) return { ARM_METADATA_HOSTNAME };
  if (ARM_ENVIRONMENT) return { ARM_ENVIRONMENT };
  const resourceManager = inherited["AZURE_RESOURCE_MANAGER_ENDPOINT"];
  if (!resourceManager || !URL.canParse(resourceManager)) return {};
  const { host } = new URL(resourceManager);
  const cloud = azureClouds[host];
  return cloud ? { ARM_ENVIRONMENT: cloud } : { ARM_METADATA_HOSTNAME: host };
}

/** The services that our modules use. */
function googleEndpoints(inherited: Record<string, string | undefined>): Record<string, string> {
  const api = inherited["GCP_ENDPOINT"];
  if (!api) return {};
  return {
    GOOGLE_COMPUTE_CUSTOM_ENDPOINT: new URL("/compute/v1/", api).href,
    GOOGLE_STORAGE_CUSTOM_ENDPOINT: new URL("/storage/v1/", api).href,
  };
}

/** Google's own token URL, for which assertions are made wherever they are sent. */
const googleAudience = "https://oauth2.googleapis.com/token";

/** Fields of a key file by which Google's libraries send assertions to the operator's token URL, as our SDK does. */
export function tokenEndpoint(
  inherited: Record<string, string | undefined>,
): { token_uri: string; audience: string } | null {
  const url = inherited["GCP_TOKEN_URL"];
  return url ? { token_uri: url, audience: googleAudience } : null;
}
