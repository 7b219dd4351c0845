import type { CostExplorer } from "@aws-sdk/client-cost-explorer";
import type { EC2 } from "@aws-sdk/client-ec2";
import type { S3 } from "@aws-sdk/client-s3";
import type { STS } from "@aws-sdk/client-sts";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { AwsCredential } from "../credential.ts";
import type { Endpoints } from "../endpoints.ts";
import { UnsharedRetryStrategy } from "./retry-strategy.ts";

// The SDK announces on every start when it will leave Node 20; an operator who reads the log can do nothing about it.
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";

/** How patient the clients are. The SDK's own defaults are to wait for ever. */
export interface Patience {
  /** Milliseconds to establish a connection. */
  connectMs: number;
  /** Milliseconds from sending a request to the start of its answer; also how long a connection may be silent. */
  answerMs: number;
  /** Calls in all, the first one included. */
  attempts: number;
}

/** A full page of 1,000 instances takes AWS a few seconds at worst. */
export const listingPatience: Patience = { connectMs: 5_000, answerMs: 20_000, attempts: 4 };

/**
 * The SDK clients of one credential: one per service and region, made when first asked for. The SDK packages are
 * imported then, not before (client-ec2 alone costs half a second and 75 MB).
 */
export interface Clients {
  sts(region: string): Promise<STS>;
  ec2(region: string): Promise<EC2>;
  s3(region: string): Promise<S3>;
  costExplorer(region: string): Promise<CostExplorer>;
  /** Closes the sockets; the clients must not be used after it. */
  close(): void;
}

/** Only the given keys sign: environment, files and instance roles of this machine are never consulted. */
export function openClients(
  credential: AwsCredential,
  endpoints: Endpoints,
  patience: Patience = listingPatience,
): Clients {
  const configure = (region: string) => clientOptions(region, credential, endpoints, patience);
  const sts = new PerRegion(async (region) => {
    const { STS } = await import("@aws-sdk/client-sts");
    return new STS(configure(region));
  });
  const ec2 = new PerRegion(async (region) => {
    const { EC2 } = await import("@aws-sdk/client-ec2");
    return new EC2(configure(region));
  });
  const s3 = new PerRegion(async (region) => {
    const { S3 } = await import("@aws-sdk/client-s3");
    return new S3({ ...configure(region), forcePathStyle: endpoints.aws !== undefined });
  });
  const costExplorer = new PerRegion(async (region) => {
    const { CostExplorer } = await import("@aws-sdk/client-cost-explorer");
    return new CostExplorer(configure(region));
  });
  return {
    sts: (region) => sts.get(region),
    ec2: (region) => ec2.get(region),
    s3: (region) => s3.get(region),
    costExplorer: (region) => costExplorer.get(region),
    close() {
      for (const clients of [sts, ec2, s3, costExplorer]) clients.close();
    },
  };
}

/** The clients of one service. */
class PerRegion<Client extends { destroy(): void }> {
  private readonly clients = new Map<string, Promise<Client>>();
  private readonly open: (region: string) => Promise<Client>;

  constructor(open: (region: string) => Promise<Client>) {
    this.open = open;
  }

  get(region: string): Promise<Client> {
    const client = this.clients.get(region) ?? this.open(region);
    this.clients.set(region, client);
    return client;
  }

  close(): void {
    for (const client of this.clients.values()) void client.then((open) => open.destroy());
    this.clients.clear();
  }
}

function clientOptions(
  region: string,
  credential: AwsCredential,
  endpoints: Endpoints,
  patience: Patience,
) {
  return {
    region,
    credentials: {
      accessKeyId: credential.accessKey,
      secretAccessKey: credential.secretKey,
    },
    retryStrategy: new UnsharedRetryStrategy(patience.attempts),
    requestHandler: new NodeHttpHandler({
      connectionTimeout: patience.connectMs,
      requestTimeout: patience.answerMs,
      // Without it a breach is only logged as a warning.
      throwOnRequestTimeout: true,
      // The request timeout ends with the headers of the answer; a body may still stall.
      socketTimeout: patience.answerMs,
    }),
    ...(endpoints.aws === undefined ? {} : { endpoint: endpoints.aws }),
  };
}
