import { createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";

/** A resource as Google's JSON gives it. */
export interface GcpResource {
  name: string;
  selfLink: string;
  [field: string]: unknown;
}

/** The APIs that a project can enable. */
export type GcpApi = "cloudresourcemanager" | "compute" | "storage";

/** One project: plain data, read at each call, so that a change is seen by the next one. */
export interface GcpProject {
  projectId: string;
  projectNumber: string;
  displayName: string;
  state: "ACTIVE" | "DELETE_REQUESTED";
  hasBilling: boolean;
  disabledApis: Set<GcpApi>;
  /** Locations that Compute cannot reach now, such as `zones/europe-west1-b`. */
  unreachable: Set<string>;
  instances: GcpResource[];
  disks: GcpResource[];
  networks: GcpResource[];
  subnetworks: GcpResource[];
  buckets: GcpResource[];
}

/** An account with its one key. */
export interface ServiceAccount {
  email: string;
  keyId: string;
  /** PEM, PKCS #8. */
  privateKey: string;
  publicKey: KeyObject;
  /** A revoked key gets no more tokens; those it has stay good until they expire, as with the real cloud. */
  isRevoked: boolean;
  /** Ids of the projects that the account may read. */
  projects: Set<string>;
}

export interface GcpState {
  projects: Map<string, GcpProject>;
  serviceAccounts: Map<string, ServiceAccount>;
  /** Address of the account that each token was given to. */
  tokens: Map<string, string>;
  /** How far this Google's clock is ahead of ours, in milliseconds. */
  clockAhead: number;
}

/** A project without resources, active and with everything enabled. */
export function emptyProject(projectId: string): GcpProject {
  return {
    projectId,
    projectNumber: "100000000001",
    displayName: `Project ${projectId}`,
    state: "ACTIVE",
    hasBilling: true,
    disabledApis: new Set(),
    unreachable: new Set(),
    instances: [],
    disks: [],
    networks: [],
    subnetworks: [],
    buckets: [],
  };
}

/** An account with a key made now: a key in the repository would be a leaked key. */
export async function makeServiceAccount(
  email: string,
  projects: Iterable<string>,
): Promise<ServiceAccount> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const publicKey = createPublicKey(pem);
  const keyId = `key-of-${email}`;
  return {
    email,
    keyId,
    privateKey: pem,
    publicKey,
    isRevoked: false,
    projects: new Set(projects),
  };
}

/** The key file of an account as the cloud console would give it to download. */
export function keyFileOf(account: ServiceAccount, projectId: string): string {
  return JSON.stringify({
    type: "service_account",
    project_id: projectId,
    private_key_id: account.keyId,
    private_key: account.privateKey,
    client_email: account.email,
    client_id: "100000000000000000001",
    auth_uri: "https://accounts.google.com/o/oauth2/auth",
    token_uri: "https://oauth2.googleapis.com/token",
    universe_domain: "googleapis.com",
  });
}
