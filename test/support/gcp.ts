import type { SimulatedGcp } from "../../local/clouds/gcp/server.ts";
import { startGcp } from "../../local/clouds/gcp/server.ts";
import type { GcpProject } from "../../local/clouds/gcp/state.ts";
import { defaultLimits, type GcpLimits } from "../../providers/gcp/limits.ts";
import { openGcp } from "../../providers/gcp/provider.ts";
import type { DiscoveredResource, Page, Provider, Scope } from "../../providers/provider.ts";
import type { CredentialSettings } from "../../providers/settings.ts";

export const accountEmail = "reader@acme.iam.gserviceaccount.com";

/** Pauses of a few milliseconds, so that a test of retries takes no time. */
export const quickLimits: GcpLimits = { ...defaultLimits, backoff: 2 };

/** A simulated cloud with these projects and one account that may read them. */
export async function startGcpWith(...projects: GcpProject[]): Promise<SimulatedGcp> {
  const cloud = await startGcp({ projects });
  await cloud.addServiceAccount(accountEmail);
  return cloud;
}

export interface OpenOptions {
  projectId: string;
  settings?: CredentialSettings;
  limits?: Partial<GcpLimits>;
  /** Where the SDKs connect to; the cloud itself if absent. */
  endpoints?: { api: string; token: string };
}

/** The adapter, pointed at a simulated cloud. */
export function openAt(
  cloud: SimulatedGcp,
  { projectId, settings = {}, limits = {}, endpoints }: OpenOptions,
): Provider {
  const serviceAccountJson = cloud.serviceAccountJson(accountEmail, projectId);
  return openGcp(
    { provider: "gcp", serviceAccountJson, projectId: null, settings },
    { gcp: endpoints ?? { api: cloud.url, token: cloud.tokenUrl } },
    { ...quickLimits, ...limits },
  );
}

/** A signal that never aborts. */
export const calm = (): AbortSignal => new AbortController().signal;

/** Every page of a scope. */
export async function pagesOf(
  provider: Provider,
  scope: Scope,
  signal: AbortSignal = calm(),
): Promise<Page[]> {
  const pages: Page[] = [];
  for await (const page of provider.list(scope, { signal })) pages.push(page);
  return pages;
}

/** Every resource of a scope. */
export async function resourcesOf(provider: Provider, scope: Scope): Promise<DiscoveredResource[]> {
  return (await pagesOf(provider, scope)).flatMap((page) => page.resources);
}
