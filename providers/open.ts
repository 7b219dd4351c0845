import type { Endpoints } from "./endpoints.ts";
import type { OpenProvider } from "./provider.ts";

/**
 * Opens the adapter that a credential belongs to. Each cloud's code is loaded when its first credential comes: all
 * three SDKs together take seconds and hundreds of megabytes. What every call begins with is loaded here, before the
 * time of a call begins to run.
 */
export function providerOpener(endpoints: Endpoints): OpenProvider {
  return async (credential) => {
    if (credential.provider === "aws") {
      const { openAws } = await import("./aws/provider.ts");
      await import("@aws-sdk/client-sts");
      return openAws(credential, endpoints);
    }
    if (credential.provider === "azure") {
      const { openAzure } = await import("./azure/provider.ts");
      await import("@azure/identity");
      await import("@azure/arm-resources-subscriptions");
      return openAzure(credential, endpoints);
    }
    const { openGcp } = await import("./gcp/provider.ts");
    await import("google-gax");
    await import("@google-cloud/resource-manager");
    return openGcp(credential, endpoints);
  };
}
