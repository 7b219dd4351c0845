import type { Endpoints } from "./endpoints.ts";
import type { OpenProvider } from "./provider.ts";

/**
 * Opens the adapter that a credential belongs to. Each cloud's code is loaded when its first credential comes: all
 * three SDKs together take seconds and hundreds of megabytes.
 */
export function providerOpener(endpoints: Endpoints): OpenProvider {
  return async (credential) => {
    if (credential.provider === "aws") {
      const { openAws } = await import("./aws/provider.ts");
      return openAws(credential, endpoints);
    }
    if (credential.provider === "azure") {
      const { openAzure } = await import("./azure/provider.ts");
      return openAzure(credential, endpoints);
    }
    const { openGcp } = await import("./gcp/provider.ts");
    return openGcp(credential, endpoints);
  };
}
