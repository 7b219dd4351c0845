import { z } from "zod";
import { endpointEnvironment, tokenEndpoint } from "./endpoints.ts";

/** A credential in the clear, as the terraform providers need it. */
export type RunCredential =
  | { provider: "aws"; accessKey: string; secretKey: string; region: string | null }
  | {
      provider: "azure";
      tenantId: string;
      clientId: string;
      clientSecret: string;
      subscriptionId: string;
    }
  | { provider: "gcp"; serviceAccountJson: string; projectId: string | null };

export interface EnvironmentOptions {
  credential: RunCredential;
  /** Environment of our own process, of which only `inheritedNames` are passed on. */
  inherited: Record<string, string | undefined>;
  /** HOME and TMPDIR of the run. */
  home: string;
  /** The run's own CLI configuration file; must exist, or every command prints a warning. */
  cliConfigFile: string;
  /** Value of TF_REATTACH_PROVIDERS: running provider servers instead of installed ones. For simulations only. */
  reattachProviders?: string | undefined;
}

/** The operator's network settings that providers need to get out. Never a key, never a TF_ variable. */
const inheritedNames = [
  "PATH",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];

/**
 * The whole environment of a run; nothing else is inherited. HCL can read it (`/proc/self/environ`),
 * so it holds the run's own credential and no other secret.
 */
export function runEnvironment(options: EnvironmentOptions): Record<string, string> {
  const { credential, inherited } = options;
  const environment: Record<string, string> = {
    HOME: options.home,
    TMPDIR: options.home,
    CHECKPOINT_DISABLE: "1",
    TF_CLI_CONFIG_FILE: options.cliConfigFile,
    TF_IN_AUTOMATION: "1",
    TF_INPUT: "0",
    ...credentialEnvironment(credential, inherited),
    ...endpointEnvironment(credential.provider, inherited),
  };
  for (const name of inheritedNames) {
    const value = inherited[name];
    if (value) environment[name] = value;
  }
  if (options.reattachProviders) environment["TF_REATTACH_PROVIDERS"] = options.reattachProviders;
  return environment;
}

function credentialEnvironment(
  credential: RunCredential,
  inherited: EnvironmentOptions["inherited"],
): Record<string, string> {
  if (credential.provider === "aws") return awsEnvironment(credential);
  if (credential.provider === "azure") return azureEnvironment(credential);
  const keyFile = readKeyFile(credential.serviceAccountJson);
  const project = credential.projectId ?? keyFile.project_id;
  return {
    GOOGLE_CREDENTIALS: JSON.stringify({ ...keyFile, ...tokenEndpoint(inherited) }),
    // The provider does not take the project from the key.
    ...(project && { GOOGLE_PROJECT: project }),
  };
}

function azureEnvironment(
  credential: Extract<RunCredential, { provider: "azure" }>,
): Record<string, string> {
  return {
    ARM_TENANT_ID: credential.tenantId,
    ARM_CLIENT_ID: credential.clientId,
    ARM_CLIENT_SECRET: credential.clientSecret,
    ARM_SUBSCRIPTION_ID: credential.subscriptionId,
    // Never the identity of the host or of whoever logged in there.
    ARM_USE_CLI: "false",
    ARM_USE_MSI: "false",
  };
}

function awsEnvironment(
  credential: Extract<RunCredential, { provider: "aws" }>,
): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: credential.accessKey,
    AWS_SECRET_ACCESS_KEY: credential.secretKey,
    ...(credential.region && { AWS_REGION: credential.region }),
    // Never the identity of the host, nor files of whoever logged in there.
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_CONFIG_FILE: "/dev/null",
  };
}

/** The values that must never leave the run: what the redactor looks for. Ids and regions are no secrets. */
export function secretValues(credential: RunCredential): string[] {
  if (credential.provider === "aws") return [credential.secretKey];
  if (credential.provider === "azure") return [credential.clientSecret];
  return [credential.serviceAccountJson, ...privateKeyParts(credential.serviceAccountJson)];
}

/** The fields of a service-account key that count. Others, such as the URL that tokens come from, are not the tenant's to say. */
const keyFileSchema = z.object({
  type: z.literal("service_account"),
  project_id: z.string().optional(),
  private_key_id: z.string().optional(),
  private_key: z.string(),
  client_email: z.string().optional(),
  client_id: z.string().optional(),
});

function readKeyFile(serviceAccountJson: string): z.infer<typeof keyFileSchema> {
  return keyFileSchema.parse(JSON.parse(serviceAccountJson));
}

/** The key of a service account and each of its lines, because tools print PEM with other line ends. */
function privateKeyParts(serviceAccountJson: string): string[] {
  const { private_key: key } = readKeyFile(serviceAccountJson);
  const lines = key.split("\n").filter((line) => line.length >= 16 && !line.startsWith("-----"));
  return [key, JSON.stringify(key).slice(1, -1), ...lines];
}

/**
 * Text of the run's CLI configuration. With a mirror, providers come from that directory and from nowhere
 * else; without, terraform installs them from its registry.
 */
export function cliConfig(providerMirror: string | null): string {
  const lines = ["disable_checkpoint = true"];
  if (providerMirror !== null) {
    lines.push(
      "provider_installation {",
      "  filesystem_mirror {",
      `    path = ${JSON.stringify(providerMirror)}`,
      "  }",
      "}",
    );
  }
  return `${lines.join("\n")}\n`;
}
