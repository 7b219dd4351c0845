import { expect } from "chai";
import { describe, it } from "mocha";
import { TerraformError, type TerraformErrorFacts } from "../../terraform/errors.ts";

/** An apply that ended with one error of a provider, in its words. */
function failure(detail: string, changes: Partial<TerraformErrorFacts> = {}): TerraformError {
  const diagnostic = { severity: "error", summary: "creating", address: "aws_vpc.this" } as const;
  const diagnostics = [{ ...diagnostic, detail }];
  return new TerraformError({ stage: "apply", exitCode: 1, end: "exit", diagnostics, ...changes });
}

const unavailable = [
  "operation error S3: CreateBucket, https response error StatusCode: 503, RequestID: 1, api error ServiceUnavailable: no",
  "api error InternalFailure: The request processing has failed because of an unknown error",
  'Get "https://management.azure.com/": dial tcp 192.0.2.1:443: connect: connection refused',
  'Get "https://management.azure.com/": read tcp: connection reset by peer',
  'unexpected status 503 (503 Service Unavailable) with error: ServerBusy: "later"',
  "StatusCode=500 -- Original Error: autorest/azure: it failed",
  "googleapi: Error 503: Service temporarily unavailable., serverException",
  "googleapi: Error 504: , gatewayTimeout",
  'Post "https://oauth2.googleapis.com/token": read udp 127.0.0.1:5->127.0.0.53:53: i/o timeout',
  "net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
  'Get "https://compute.googleapis.com/": EOF',
  "net/http: TLS handshake timeout",
];
const busy = [
  "StatusCode: 503, api error RequestLimitExceeded: Request limit exceeded.",
  "StatusCode: 503, api error SlowDown: Please reduce your request rate.",
  "StatusCode: 500, api error InsufficientInstanceCapacity: We have no t2.micro left",
  "ThrottlingException: Rate exceeded",
  "googleapi: Error 503: The zone has no room for it, ZONE_RESOURCE_POOL_EXHAUSTED",
  "googleapi: Error 429: Too many requests, rateLimitExceeded",
];
const refused = [
  "StatusCode: 403, api error UnauthorizedOperation: You are not authorized",
  "api error BucketAlreadyExists: the name is taken",
  "api error VpcLimitExceeded: The maximum number of VPCs has been reached.",
];

describe("TerraformError", () => {
  for (const text of unavailable) {
    it(`counts against the provider: ${text}`, () => {
      expect(failure(text)).to.include({ finding: "failed", fault: "provider", isTransient: true });
    });
  }

  for (const text of busy) {
    it(`is tried again, and shows that the provider answers: ${text}`, () => {
      expect(failure(text)).to.include({ finding: "answered", fault: "provider" });
    });
  }

  for (const text of refused) {
    it(`is the tenant's, and shows that the provider answers: ${text}`, () => {
      expect(failure(text)).to.include({ finding: "answered", fault: "tenant" });
    });
  }

  it("is tried again, and says nothing of the provider, when the name of an endpoint does not exist", () => {
    const text =
      'Post "https://sts.mars-1.amazonaws.com/": dial tcp: lookup sts.mars-1.amazonaws.com';

    const unknown = failure(`${text}: no such host`);

    expect(unknown).to.include({ finding: "nothing", fault: "provider", isTransient: true });
  });

  it("does not take a number for an outage of the provider", () => {
    const quota = failure("expected size to be in the range (1 - 500), got 504");

    expect(quota).to.include({ finding: "answered" });
  });

  it("says nothing of the provider when the registry cannot be reached", () => {
    const init = failure("registry.terraform.io: no such host", { stage: "init" });

    expect(init).to.include({ finding: "nothing", fault: "provider" });
  });

  for (const end of ["aborted", "timeout", "killed"] as const) {
    it(`says nothing of the provider when it was ${end}`, () => {
      expect(failure("connection refused", { end })).to.include({ finding: "nothing" });
    });
  }

  it("says nothing of the provider when terraform reported nothing of it", () => {
    expect(failure("", { diagnostics: [] })).to.include({ finding: "nothing" });
  });
});
