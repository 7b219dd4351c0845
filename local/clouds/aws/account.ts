import type { Instance, Subnet, Volume, Vpc } from "@aws-sdk/client-ec2";
import type { Bucket } from "@aws-sdk/client-s3";

/** What one region of an account holds, in the SDK's shapes. Plain arrays: tests push, change and remove. */
export interface RegionResources {
  instances: Instance[];
  volumes: Volume[];
  vpcs: Vpc[];
  subnets: Subnet[];
}

/** A key that signs for an account. */
export interface AccessKey {
  secretKey: string;
  /** A revoked key is refused like an unknown one. */
  revoked: boolean;
}

/** What one service cost on one day. */
export interface CostEntry {
  /** `YYYY-MM-DD`. */
  date: string;
  service: string;
  /** `Usage`, `Tax`, `Credit`, `Refund`… */
  recordType: string;
  /** Exact decimal, stated for every metric. */
  amount: string;
  currency: string;
  estimated: boolean;
}

export interface SimulatedAccount {
  accountId: string;
  keys: Map<string, AccessKey>;
  /** The regions that the account has enabled. */
  regions: Map<string, RegionResources>;
  buckets: Bucket[];
  costs: CostEntry[];
}

export interface NewAccount {
  accessKey: string;
  secretKey: string;
  /** Twelve digits. */
  accountId: string;
  regions: string[];
}

/** The accounts of one simulated AWS. */
export class Accounts {
  private readonly byId = new Map<string, SimulatedAccount>();

  /** Opens an account, or adds the key and the regions to it if it exists: several users may connect one account. */
  open({ accessKey, secretKey, accountId, regions }: NewAccount): SimulatedAccount {
    const account = this.byId.get(accountId) ?? emptyAccount(accountId);
    this.byId.set(accountId, account);
    account.keys.set(accessKey, { secretKey, revoked: false });
    for (const region of regions) {
      if (!account.regions.has(region)) account.regions.set(region, emptyRegion());
    }
    return account;
  }

  get(accountId: string): SimulatedAccount | undefined {
    return this.byId.get(accountId);
  }

  /** The account that a key signs for, with the key itself. */
  find(accessKey: string): { account: SimulatedAccount; key: AccessKey } | undefined {
    for (const account of this.byId.values()) {
      const key = account.keys.get(accessKey);
      if (key) return { account, key };
    }
    return undefined;
  }
}

/** The resources of an enabled region. Throws if the account does not have it. */
export function regionOf(account: SimulatedAccount, region: string): RegionResources {
  const resources = account.regions.get(region);
  if (!resources) throw new RangeError(`The simulated account has no region ${region}`);
  return resources;
}

function emptyAccount(accountId: string): SimulatedAccount {
  return { accountId, keys: new Map(), regions: new Map(), buckets: [], costs: [] };
}

function emptyRegion(): RegionResources {
  return { instances: [], volumes: [], vpcs: [], subnets: [] };
}
