import type { AwsCredential } from "../credential.ts";
import type { Endpoints } from "../endpoints.ts";
import { ProviderError, type ProviderErrorCode } from "../errors.ts";
import type {
  CostLine,
  CostWindow,
  Discovery,
  HealthObservation,
  ListOptions,
  Page,
  Provider,
  Scope,
} from "../provider.ts";
import { type Clients, listingPatience, openClients, type Patience } from "./clients.ts";
import { dailyCosts } from "./costs.ts";
import { discoverScopes } from "./discovery.ts";
import { healthPatience, observeHealth } from "./health.ts";
import { type AwsIdentity, callerIdentity } from "./identity.ts";
import type { AwsKind } from "./kind.ts";
import { findKind } from "./kinds.ts";
import { listPages } from "./listing.ts";
import { defaultRegion, partitionOf } from "./regions.ts";

/** Patience for listings and costs, and for the health check. */
export interface AwsPatience {
  listing: Patience;
  health: Patience;
}

/** Opens an AWS account. Throws `CREDENTIAL_INCOMPLETE` when a part of the key is missing. */
export function openAws(
  credential: AwsCredential,
  endpoints: Endpoints,
  patience: AwsPatience = { listing: listingPatience, health: healthPatience },
): Provider {
  if (!credential.accessKey || !credential.secretKey) {
    throw ours("CREDENTIAL_INCOMPLETE", "The access key or its secret is missing", "open");
  }
  return new AwsProvider(credential, endpoints, patience);
}

class AwsProvider implements Provider {
  readonly name = "aws";
  private readonly credential: AwsCredential;
  private readonly endpoints: Endpoints;
  private readonly patience: AwsPatience;
  private readonly clients: Clients;
  private known: AwsIdentity | undefined;

  constructor(credential: AwsCredential, endpoints: Endpoints, patience: AwsPatience) {
    this.credential = credential;
    this.endpoints = endpoints;
    this.patience = patience;
    this.clients = openClients(credential, endpoints, patience.listing);
  }

  async discover(signal: AbortSignal): Promise<Discovery> {
    const identity = await this.identity(signal);
    return discoverScopes(this.clients, this.credential, identity, signal);
  }

  async *list(scope: Scope, options: ListOptions): AsyncGenerator<Page> {
    const kind = findKind(scope.kind);
    if (!kind) throw ours("INVALID_REQUEST", "This kind of AWS resource is not listed", "list");
    const { accountId, partition } = await this.identity(options.signal);
    if (accountId !== scope.accountId) {
      throw ours("INVALID_REQUEST", "The credential belongs to another account", kind.operation);
    }
    const region = this.regionFor(kind, scope, partition);
    try {
      yield* listPages(this.clients, kind, { partition, accountId, region }, options);
    } catch (error) {
      throw await this.withoutFalseBlame(error, options.signal);
    }
  }

  checkHealth(signal: AbortSignal): Promise<HealthObservation> {
    return observeHealth(this.credential, this.endpoints, this.patience.health, signal);
  }

  async *costs(window: CostWindow, signal: AbortSignal): AsyncGenerator<CostLine[]> {
    const { accountId, partition } = await this.identity(signal);
    const region = partitionOf(partition).costExplorer;
    if (region === null) {
      throw ours(
        "SERVICE_DISABLED",
        "This AWS partition has no Cost Explorer",
        "ce:GetCostAndUsage",
      );
    }
    const costExplorer = await this.clients.costExplorer(region);
    yield* dailyCosts(costExplorer, accountId, window, signal);
  }

  close(): void {
    this.clients.close();
  }

  /** Asked once for all listings; a failure is not remembered. */
  private async identity(signal: AbortSignal): Promise<AwsIdentity> {
    const sts = await this.clients.sts(this.credential.region ?? defaultRegion);
    this.known ??= await callerIdentity(sts, signal);
    return this.known;
  }

  /** A region that the account has not enabled calls every key wrong: only if STS says so too, it is. */
  private async withoutFalseBlame(error: unknown, signal: AbortSignal): Promise<unknown> {
    if (!(error instanceof ProviderError) || error.code !== "CREDENTIAL_REJECTED") return error;
    await callerIdentity(await this.clients.sts(this.credential.region ?? defaultRegion), signal);
    const { operation, nativeCode } = error;
    const message = `AWS accepts the access key, but not in this region (${operation}: ${nativeCode})`;
    return new ProviderError("SERVICE_DISABLED", message, {
      provider: "aws",
      nativeCode,
      operation,
    });
  }

  private regionFor(kind: AwsKind, scope: Scope, partition: string): string {
    if (!kind.isGlobal) return scope.region;
    return this.credential.region ?? partitionOf(partition).home;
  }
}

function ours(code: ProviderErrorCode, message: string, operation: string): ProviderError {
  return new ProviderError(code, message, { provider: "aws", nativeCode: null, operation });
}
