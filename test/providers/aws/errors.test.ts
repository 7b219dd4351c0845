import { once } from "node:events";
import { createServer } from "node:http";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Effect } from "../../../local/clouds/faults.ts";
import { toProviderError } from "../../../providers/aws/errors.ts";
import { openAws } from "../../../providers/aws/provider.ts";
import { ProviderError } from "../../../providers/errors.ts";
import {
  type AwsWorld,
  accountId,
  collect,
  costsOf,
  impatient,
  scopeOf,
  secretKey,
  setupAws,
  soon,
} from "../../support/aws.ts";
import { failureOf } from "../../support/failure.ts";

/** An error as the SDK throws it. */
function sdkError(name: string, facts: object = {}): Error {
  return Object.assign(new Error("native text"), { name }, facts);
}

function retryAfter(value: string): number | undefined {
  const $response = { headers: { "retry-after": value } };
  return toProviderError(sdkError("SlowDown", { $response }), "x").retryAfterMs;
}

describe("errors of AWS", () => {
  const codes = [
    ["InvalidClientTokenId", "CREDENTIAL_REJECTED"],
    ["AuthFailure", "CREDENTIAL_REJECTED"],
    ["ExpiredToken", "CREDENTIAL_REJECTED"],
    ["AccessDenied", "PERMISSION_DENIED"],
    ["UnauthorizedOperation", "PERMISSION_DENIED"],
    ["OptInRequired", "SERVICE_DISABLED"],
    ["PendingVerification", "ACCOUNT_UNUSABLE"],
    ["RequestLimitExceeded", "THROTTLED"],
    ["SlowDown", "THROTTLED"],
    ["LimitExceededException", "THROTTLED"],
    ["RequestExpired", "CLOCK_SKEWED"],
    ["DataUnavailableException", "PROVIDER_UNAVAILABLE"],
    ["BillExpirationException", "INVALID_REQUEST"],
  ] as const;
  for (const [native, code] of codes) {
    it(`classifies ${native} as ${code}`, () => {
      const metadata = { $metadata: { httpStatusCode: 400 } };
      const error = toProviderError(sdkError(native, metadata), "ec2:DescribeVpcs");
      expect(error).to.include({ code, nativeCode: native, operation: "ec2:DescribeVpcs" });
    });
  }

  it("names the status where the answer has no code, and the code of a refused certificate", () => {
    const nameless = { $metadata: { httpStatusCode: 502 } };
    const untrusted = { code: "DEPTH_ZERO_SELF_SIGNED_CERT" };
    const texts = [sdkError("Error", nameless), sdkError("Unknown", nameless)].map(
      (error) => toProviderError(error, "sts:GetCallerIdentity").message,
    );
    const refused = toProviderError(sdkError("Error", untrusted), "sts:GetCallerIdentity");

    expect(new Set(texts)).to.deep.equal(
      new Set(["AWS did not answer properly (sts:GetCallerIdentity: HTTP 502)"]),
    );
    expect(refused).to.include({
      code: "PROVIDER_UNAVAILABLE",
      nativeCode: "DEPTH_ZERO_SELF_SIGNED_CERT",
    });
  });

  const statuses = [
    [400, "INVALID_REQUEST"],
    [401, "CREDENTIAL_REJECTED"],
    [403, "PERMISSION_DENIED"],
    [404, "NOT_FOUND"],
    [429, "THROTTLED"],
    [500, "PROVIDER_UNAVAILABLE"],
    [503, "PROVIDER_UNAVAILABLE"],
  ] as const;
  for (const [httpStatusCode, code] of statuses) {
    it(`classifies an unknown error with status ${httpStatusCode} as ${code}`, () => {
      const error = toProviderError(sdkError("NeverSeen", { $metadata: { httpStatusCode } }), "x");
      expect(error.code).to.equal(code);
    });
  }

  it("blames the clock for a signature that expired", () => {
    const thrown = sdkError("SignatureDoesNotMatch", { message: "Signature expired: 20260101…" });
    expect(toProviderError(thrown, "x").code).to.equal("CLOCK_SKEWED");
  });

  it("says when the organisation forbids what the account would allow", () => {
    const message = "… with an explicit deny in a service control policy: arn:aws:x";
    const error = toProviderError(sdkError("AccessDenied", { message }), "x");
    expect(error.message).to.equal(
      "AWS denied the call by a service control policy (x: AccessDenied)",
    );
  });

  it("reads Retry-After as seconds and as a date", () => {
    expect(retryAfter("7")).to.equal(7_000);
    const date = new Date(Date.now() + 60_000).toUTCString();
    expect(retryAfter(date)).to.be.within(50_000, 60_000);
    expect(retryAfter("soon")).to.equal(undefined);
  });

  it("does not take arbitrary text for a code", () => {
    const error = toProviderError(sdkError("key AKIA… of arn:aws:iam::1"), "x");
    expect(error.nativeCode).to.equal(null);
  });

  it("copes with things thrown that are no errors", () => {
    expect(toProviderError("text", "x").code).to.equal("PROVIDER_UNAVAILABLE");
    expect(toProviderError(null, "x").code).to.equal("PROVIDER_UNAVAILABLE");
  });
});

describe("errors of AWS at the wire", () => {
  let world: AwsWorld;

  beforeEach(async () => {
    world = await setupAws();
  });

  afterEach(() => world.close());

  it("takes an HTML page in place of an answer for an outage", async () => {
    const server = createServer((_request, response) => response.end("<html><br>maintenance"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const provider = openAws(
      world.credential,
      { aws: `http://127.0.0.1:${port}` },
      impatient(1_000),
    );
    const error = await failureOf(provider.discover(soon()), ProviderError);
    provider.close();
    server.close();
    server.closeAllConnections();
    expect(error).to.include({ code: "PROVIDER_UNAVAILABLE", operation: "sts:GetCallerIdentity" });
  });

  const effects: Effect[] = [
    { kind: "deny" },
    { kind: "throttle" },
    { kind: "error", status: 500 },
    { kind: "error", status: 400, code: "SomethingNew" },
    { kind: "reset" },
    { kind: "reset", midBody: true },
  ];
  for (const operation of ["sts:*", "ec2:*", "s3:*", "ce:*"]) {
    it(`tells no ids, ARNs or secrets when ${operation} fails`, async () => {
      for (const effect of effects) {
        world.aws.faults.clear();
        world.aws.faults.push({ operation, effect });
        expectSilence(await failingCall(world, operation));
      }
    });
  }

  it("tells no ids, ARNs or secrets when a signature is wrong", async () => {
    const { accessKey } = world.credential;
    await collect(world.provider.list(scopeOf("ec2:vpc"), { signal: soon() }));
    world.account.keys.set(accessKey, { secretKey: "another", revoked: false });
    for (const kind of ["ec2:vpc", "s3:bucket"]) {
      const listing = collect(world.provider.list(scopeOf(kind), { signal: soon() }));
      const error = await failureOf(listing, ProviderError);
      expect(error.code).to.equal("CREDENTIAL_REJECTED");
      expectSilence(error);
    }
  });
});

async function failingCall(world: AwsWorld, operation: string): Promise<ProviderError> {
  const provider = world.open({}, impatient(1_000));
  const window = { start: "2026-07-01", end: "2026-08-01" };
  const calls: Record<string, () => Promise<unknown>> = {
    "sts:*": () => provider.checkHealth(soon()),
    "ec2:*": () => collect(provider.list(scopeOf("ec2:volume"), { signal: soon() })),
    "s3:*": () => collect(provider.list(scopeOf("s3:bucket", "global"), { signal: soon() })),
    "ce:*": () => costsOf(provider, window, soon()),
  };
  return failureOf(calls[operation]?.() ?? Promise.resolve(), ProviderError);
}

/** Looks at everything a log could print: message, stack and facts of the error and of its causes. */
function expectSilence(error: Error): void {
  for (let link: unknown = error; link instanceof Error; link = link.cause) {
    const told = `${link.message} ${link.stack} ${JSON.stringify(link)}`;
    for (const secret of [accountId, "AKIASIMULATED", secretKey, "arn:"]) {
      expect(told).to.not.contain(secret);
    }
  }
}
