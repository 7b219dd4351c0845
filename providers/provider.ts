import type { CloudCredential } from "./credential.ts";

/** The clouds we speak to; stored in every `provider` column. */
export const providerNames = ["aws", "azure", "gcp"] as const;
export type ProviderName = (typeof providerNames)[number];

/** The three families of `resource_inventory.resource_type` (schema.md §3.3). */
export const resourceTypes = ["vm", "storage", "network"] as const;
export type ResourceType = (typeof resourceTypes)[number];

/**
 * One vocabulary for the state of a resource in any cloud. VMs run through pending … deleted, disks are
 * available or in_use, networks available; `active` is for things that have no state of their own (buckets).
 * The provider's own word is kept in `metadata.native_status`.
 */
export const resourceStatuses = [
  "pending",
  "creating",
  "running",
  "stopping",
  "stopped",
  "deleting",
  "deleted",
  "available",
  "in_use",
  "active",
  "error",
  "unknown",
] as const;
export type ResourceStatus = (typeof resourceStatuses)[number];

/** Who a credential turned out to be, as the provider itself says. */
export interface Identity {
  /** AWS account id, Azure subscription id (lower case) or GCP project id. */
  accountId: string;
  /** A name people recognise (ARN of the caller, subscription or project display name), if the provider gives one. */
  displayName: string | null;
}

/** One listing whose completeness can be proven: one kind of resource in one region of one account. */
export interface Scope {
  accountId: string;
  /** A region, or `global` where one listing answers for every region. */
  region: string;
  /** `<service>:<resource>`, such as `ec2:instance`, `arm:resource`, `compute:disk`. */
  kind: string;
}

/** A resource as a provider reported it, in our words. */
export interface DiscoveredResource {
  /** Canonical id: AWS ARN, ARM id in lower case, GCP path `projects/…` without host and version. */
  resourceId: string;
  /** The Name tag or the provider's name; null when the resource has none. */
  name: string | null;
  type: ResourceType;
  region: string | null;
  status: ResourceStatus;
  /**
   * Chosen fields only, never user data, startup scripts or keys. Always holds `kind`, `native_status`
   * (string or null), `native_id` (the id as the provider spelled it) and `tags` (flat string map).
   */
  metadata: Record<string, unknown>;
}

/** A part of a listing that the provider could not read although the listing itself went on. */
export interface UnreadRegion {
  region: string;
  reason: "denied" | "throttled" | "unreachable";
  message: string;
}

/** One page of a listing. */
export interface Page {
  /** May name a resource again that an earlier page had, as clouds do while resources move; the first sight counts. */
  resources: DiscoveredResource[];
  /** Where a later run could continue; null on the last page. A cursor that has expired is `INVALID_REQUEST`. */
  cursor: string | null;
  /** Regions inside this listing that were not read; resources there must not be taken for gone. */
  unread?: UnreadRegion[];
}

export interface ListOptions {
  signal: AbortSignal;
  /** Continue after this page instead of starting at the first. */
  cursor?: string;
}

/** What a provider's discovery says can be listed, and what it could not find out. */
export interface Discovery {
  identity: Identity;
  scopes: Scope[];
  /**
   * True when regions were assumed from a static list because the provider refused to name them.
   * Nothing may be taken for gone in an assumed scope.
   */
  assumed: boolean;
}

/** One fresh, single, time-limited call against the provider's identity endpoint. */
export interface HealthObservation {
  identity: Identity;
  /** Milliseconds on the monotonic clock of the provider call itself (token minting apart). */
  responseTimeMs: number;
  /** Set when the account answers but is not fully usable (subscription Warned or PastDue, project being deleted). */
  degraded: string | null;
}

/** One amount of money as a billing source states it. Decimals are strings: they never become floats. */
export interface CostLine {
  provider: string;
  accountId: string | null;
  service: string | null;
  resourceId: string | null;
  /** Exact decimal, may be negative, may use E-notation. */
  cost: string;
  currency: string;
  /** Day of usage, `YYYY-MM-DD`, UTC. */
  date: string;
  /** `YYYY-MM` as the provider bills it, which need not be the month of `date`. */
  billingPeriod: string;
  metadata: Record<string, unknown>;
}

/** Days to fetch: `start` inclusive, `end` exclusive, both `YYYY-MM-DD` in UTC. */
export interface CostWindow {
  start: string;
  end: string;
}

/**
 * One cloud account seen through one credential. Every method throws a `ProviderError` (errors.ts) and nothing
 * else on trouble with the cloud, and stops soon after the signal aborts by throwing `signal.reason`.
 */
export interface Provider {
  readonly name: ProviderName;
  /** Finds out who we are and what can be listed. Throws when the identity itself cannot be established. */
  discover(signal: AbortSignal): Promise<Discovery>;
  /** Streams a scope page by page. Ends normally only if everything was read; guards against a repeated token. */
  list(scope: Scope, options: ListOptions): AsyncIterable<Page>;
  /** Checks the credential with a new client and a freshly minted token, one attempt. */
  checkHealth(signal: AbortSignal): Promise<HealthObservation>;
  /** Streams billing lines of the window from the provider's cost API; absent where only files are supported. */
  costs?(window: CostWindow, signal: AbortSignal): AsyncIterable<CostLine[]>;
  /** Frees sockets and other resources. */
  close(): void;
}

/** Opens the provider a credential belongs to. Opening does no network call. */
export type OpenProvider = (credential: CloudCredential) => Promise<Provider>;
