import { randomBytes, randomUUID } from "node:crypto";
import type { ProviderName } from "../providers/provider.ts";
import type { CredentialSettings } from "../providers/settings.ts";
import { fillAccount, fillCosts } from "./clouds/aws/generate.ts";
import type { SimulatedAws } from "./clouds/aws.ts";
import { generateSubscription } from "./clouds/azure/generate.ts";
import type { SimulatedAzure } from "./clouds/azure/server.ts";
import { generateProject } from "./clouds/gcp/generate.ts";
import type { SimulatedGcp } from "./clouds/gcp/server.ts";

/** An account in a simulated cloud, and the credential its owner would hand to us. */
export interface CloudAccount {
  provider: ProviderName;
  name: string;
  settings: CredentialSettings;
  /** The JSON of `credentials add --file`, by column names. */
  fields: Record<string, string>;
}

/** What an account holds. The same seed gives the same resources. */
export interface Content {
  seed: number;
  resources: number;
}

const regions = ["us-east-1", "eu-west-1", "eu-central-1"];
const daysOfCosts = 45;

/** Opens an AWS account with resources in three regions and costs up to today. */
export function openAwsAccount(aws: SimulatedAws, { seed, resources }: Content): CloudAccount {
  const accountId = String(100_000_000_000 + seed);
  const accessKey = `AKIA${randomBytes(8).toString("hex").toUpperCase()}`;
  const secretKey = randomBytes(30).toString("base64");
  const account = aws.accounts.open({ accessKey, secretKey, accountId, regions });
  if (resources > 0) fillAccount(account, { seed, count: resources });
  const start = new Date(Date.now() - daysOfCosts * 86_400_000).toISOString().slice(0, 10);
  fillCosts(account, { seed, start, days: daysOfCosts });
  const fields = { access_key: accessKey, secret_key: secretKey, region: "eu-central-1" };
  return { provider: "aws", name: `AWS account ${accountId}`, settings: {}, fields };
}

/** Opens an Azure subscription in a tenant of its own. */
export function openAzureAccount(
  azure: SimulatedAzure,
  { seed, resources }: Content,
  settings: CredentialSettings = {},
): CloudAccount {
  const [tenantId, clientId, subscriptionId] = [randomUUID(), randomUUID(), randomUUID()];
  const secret = `${randomBytes(3).toString("hex")}~${randomBytes(16).toString("hex")}`;
  azure.state.apps.push({ tenantId, clientId, secret, secretState: "valid" });
  const name = `Azure subscription ${seed}`;
  const place = { subscriptionId, tenantId, displayName: name, readers: [clientId] };
  azure.state.subscriptions.push(generateSubscription({ seed, resources, ...place }));
  const fields = {
    tenant_id: tenantId,
    client_id: clientId,
    client_secret: secret,
    subscription_id: subscriptionId,
  };
  return { provider: "azure", name, settings, fields };
}

/** Opens a GCP project with a service account that reads it. */
export async function openGcpAccount(
  gcp: SimulatedGcp,
  { seed, resources }: Content,
): Promise<CloudAccount> {
  const projectId = `demo-project-${seed}`;
  gcp.addProject(generateProject({ projectId, seed, resources }));
  const email = `reader@${projectId}.iam.gserviceaccount.com`;
  await gcp.addServiceAccount(email, [projectId]);
  const fields = {
    service_account_json: gcp.serviceAccountJson(email, projectId),
    project_id: projectId,
  };
  return { provider: "gcp", name: `GCP project ${projectId}`, settings: {}, fields };
}
