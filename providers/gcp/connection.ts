import { createRequire } from "node:module";
import type { ProjectsClient } from "@google-cloud/resource-manager";
import type { Storage, StorageOptions } from "@google-cloud/storage";
import type { ClientOptions } from "google-gax";
import type { Endpoints } from "../endpoints.ts";
import { type GoogleAuthClient, openAuth } from "./auth.ts";
import type { GcpLimits } from "./limits.ts";
import type { ServiceAccountKey } from "./service-account.ts";

/** The part of a generated Compute client that we use. `innerApiCalls` is its only way to a page with all its fields. */
export interface ComputeClient {
  // oxlint-disable-next-line typescript/no-unsafe-function-type -- as the generated clients declare it
  innerApiCalls: { [method: string]: Function };
  initialize(): Promise<unknown>;
  close(): Promise<void>;
}

/** A generated Compute client class, such as InstancesClient. */
export type ComputeClientClass = new (options: ClientOptions) => ComputeClient;

type StorageAuth = NonNullable<StorageOptions["authClient"]>;

interface StorageAuthLibrary {
  OAuth2Client: new () => StorageAuth & { refreshHandler: () => Promise<object> };
}

/**
 * The clients of one credential, each made when first asked for: the code of Google's clients is large (Compute:
 * 1.4 s and 120 MB for the first client when imported alone), so a process that never lists GCP must not load it.
 */
export class GcpConnection {
  readonly limits: GcpLimits;
  private readonly key: ServiceAccountKey;
  private readonly endpoints: NonNullable<Endpoints["gcp"]>;
  private readonly timeout: number;
  private readonly compute = new Map<unknown, Promise<ComputeClient>>();
  private auth: Promise<GoogleAuthClient> | undefined;
  private resourceManager: Promise<ProjectsClient> | undefined;
  private cloudStorage: Promise<Storage> | undefined;

  constructor(key: ServiceAccountKey, endpoints: Endpoints, limits: GcpLimits, timeout: number) {
    this.key = key;
    this.endpoints = endpoints.gcp ?? {};
    this.limits = limits;
    this.timeout = timeout;
  }

  /** The auth client that all others share; it mints the token on first use. */
  authClient(): Promise<GoogleAuthClient> {
    this.auth ??= openAuth(this.key, { tokenUrl: this.endpoints.token, timeout: this.timeout });
    return this.auth;
  }

  /** The Compute client of the class that `load` imports. */
  computeClient(load: () => Promise<ComputeClientClass>): Promise<ComputeClient> {
    const open = this.compute.get(load) ?? this.openCompute(load);
    this.compute.set(load, open);
    return open;
  }

  projectsClient(): Promise<ProjectsClient> {
    this.resourceManager ??= this.openResourceManager();
    return this.resourceManager;
  }

  storage(): Promise<Storage> {
    this.cloudStorage ??= this.openStorage();
    return this.cloudStorage;
  }

  /** Ends the clients; they refuse later calls. Calls under way are not waited for. */
  close(): void {
    for (const client of [...this.compute.values(), this.resourceManager]) {
      client
        ?.then((open) => open.close())
        .catch(() => {
          // A client that never opened has nothing to close; its user has seen the error.
        });
    }
  }

  private async openCompute(load: () => Promise<ComputeClientClass>): Promise<ComputeClient> {
    const Client = await load();
    return new Client(await this.clientOptions());
  }

  private async openResourceManager(): Promise<ProjectsClient> {
    const { ProjectsClient } = await import("@google-cloud/resource-manager");
    return new ProjectsClient(await this.clientOptions());
  }

  private async clientOptions(): Promise<ClientOptions> {
    const { GoogleAuth } = await import("google-gax");
    // Wrapped, because the clients switch a bare JWT client over to self-signed tokens: those go round the token
    // exchange, and so round the operator's endpoint for it.
    const auth = new GoogleAuth({ authClient: await this.authClient() });
    return { fallback: true, auth, ...this.apiAddress() };
  }

  private apiAddress(): ClientOptions {
    if (this.endpoints.api === undefined) return {};
    const { protocol, hostname, port } = new URL(this.endpoints.api);
    return {
      apiEndpoint: hostname,
      protocol: protocol.slice(0, -1),
      port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
    };
  }

  private async openStorage(): Promise<Storage> {
    const { Storage } = await import("@google-cloud/storage");
    return new Storage({
      authClient: await this.openStorageAuth(),
      timeout: this.timeout,
      retryOptions: { autoRetry: false, maxRetries: 0 },
      ...(this.endpoints.api === undefined
        ? {}
        : { apiEndpoint: this.endpoints.api, useAuthWithCustomEndpoint: true }),
    });
  }

  /**
   * @google-cloud/storage 7 sends no Authorization, and no error, with an auth client of google-auth-library 10. So it
   * gets one of the version it resolves itself, which takes its tokens from ours.
   */
  private async openStorageAuth(): Promise<StorageAuth> {
    const auth = await this.authClient();
    const requireHere = createRequire(import.meta.url);
    const requireAsStorage = createRequire(requireHere.resolve("@google-cloud/storage"));
    const { OAuth2Client }: StorageAuthLibrary = requireAsStorage("google-auth-library");
    const client = new OAuth2Client();
    client.refreshHandler = async () => {
      const { token } = await auth.getAccessToken();
      return { access_token: token, expiry_date: auth.credentials.expiry_date };
    };
    return client;
  }
}
