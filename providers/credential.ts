import type { CredentialSettings } from "./settings.ts";

export interface AwsCredential {
  provider: "aws";
  accessKey: string;
  secretKey: string;
  /** Region for identity and discovery calls; `us-east-1` if null. */
  region: string | null;
  settings: CredentialSettings;
}

export interface AzureCredential {
  provider: "azure";
  tenantId: string;
  clientId: string;
  clientSecret: string;
  subscriptionId: string;
  settings: CredentialSettings;
}

export interface GcpCredential {
  provider: "gcp";
  /** The service-account key file, as JSON text. */
  serviceAccountJson: string;
  /** The project to read; the key's own project if null. */
  projectId: string | null;
  settings: CredentialSettings;
}

/** A credential in the clear. Lives in memory only, for the time of one job. */
export type CloudCredential = AwsCredential | AzureCredential | GcpCredential;
