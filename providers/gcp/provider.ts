import type { GcpCredential } from "../credential.ts";
import { type Endpoints, isSafeEndpoint } from "../endpoints.ts";
import type {
  Discovery,
  HealthObservation,
  ListOptions,
  Page,
  Provider,
  Scope,
} from "../provider.ts";
import { GcpConnection } from "./connection.ts";
import { discover } from "./discover.ts";
import { checkHealth } from "./health.ts";
import { defaultLimits, type GcpLimits } from "./limits.ts";
import { listScope } from "./list.ts";
import { incompleteKey, parseServiceAccount, type ServiceAccountKey } from "./service-account.ts";

/**
 * Opens Google Cloud for a credential; no network call. Throws ProviderError `CREDENTIAL_INCOMPLETE` for a key file
 * that lacks something, TypeError when the operator's endpoint is plain http to another machine.
 */
export function openGcp(
  credential: GcpCredential,
  endpoints: Endpoints,
  limits: GcpLimits = defaultLimits,
): Provider {
  for (const endpoint of [endpoints.gcp?.api, endpoints.gcp?.token]) {
    if (endpoint !== undefined && !isSafeEndpoint(endpoint)) {
      throw new TypeError("A GCP endpoint must be https, or http to this machine");
    }
  }
  return new GcpProvider(credential, endpoints, limits);
}

class GcpProvider implements Provider {
  readonly name = "gcp";
  private readonly credential: GcpCredential;
  private readonly endpoints: Endpoints;
  private readonly limits: GcpLimits;
  private readonly key: ServiceAccountKey;
  private readonly projectId: string;
  private readonly connection: GcpConnection;

  constructor(credential: GcpCredential, endpoints: Endpoints, limits: GcpLimits) {
    this.credential = credential;
    this.endpoints = endpoints;
    this.limits = limits;
    this.key = parseServiceAccount(credential.serviceAccountJson);
    this.projectId = projectOf(credential, this.key);
    this.connection = this.connect(limits.requestTimeout);
  }

  discover(signal: AbortSignal): Promise<Discovery> {
    const { projects = [], regions } = this.credential.settings;
    const { projectId, connection } = this;
    return discover(connection, { projectId, furtherProjects: projects, regions, signal });
  }

  list(scope: Scope, options: ListOptions): AsyncIterable<Page> {
    return listScope(this.connection, scope, options);
  }

  async checkHealth(signal: AbortSignal): Promise<HealthObservation> {
    const fresh = this.connect(this.limits.healthTimeout);
    try {
      return await checkHealth(fresh, this.projectId, signal);
    } finally {
      fresh.close();
    }
  }

  close(): void {
    this.connection.close();
  }

  private connect(timeout: number): GcpConnection {
    return new GcpConnection(this.key, this.endpoints, this.limits, timeout);
  }
}

function projectOf(credential: GcpCredential, key: ServiceAccountKey): string {
  const projectId = credential.projectId ?? key.projectId;
  if (projectId === null) {
    throw incompleteKey("project_id is missing, and the credential names no project");
  }
  return projectId;
}
