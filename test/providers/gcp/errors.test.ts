import { expect } from "chai";
import { describe, it } from "mocha";
import type { ProviderErrorCode } from "../../../providers/errors.ts";
import { translateGoogleError } from "../../../providers/gcp/errors.ts";

/** An error as the generated clients throw it over REST: Google's JSON is the text of its message. */
function restError(status: number, error: object): Error {
  return Object.assign(new Error(JSON.stringify({ error })), { status, code: status });
}

function infoOf(reason: string): object {
  return { details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason }] };
}

function tokenError(error: string, error_description: string): Error {
  const response = { status: 400, data: { error, error_description } };
  return Object.assign(new Error(`${error}: ${error_description}`), { status: 400, response });
}

const cases: [title: string, error: Error, code: ProviderErrorCode][] = [
  ["invalid_grant", tokenError("invalid_grant", "Invalid JWT Signature."), "CREDENTIAL_REJECTED"],
  ["a token request of ours", tokenError("invalid_scope", "Invalid scope"), "INVALID_REQUEST"],
  [
    "a skewed clock",
    tokenError("invalid_grant", "Invalid JWT: Check your iat and exp values in the JWT claim."),
    "CLOCK_SKEWED",
  ],
  ["an expired token", restError(401, { status: "UNAUTHENTICATED" }), "CREDENTIAL_REJECTED"],
  ["a disabled API", restError(403, infoOf("SERVICE_DISABLED")), "SERVICE_DISABLED"],
  [
    "a disabled API in the older form",
    restError(403, { errors: [{ reason: "accessNotConfigured" }] }),
    "SERVICE_DISABLED",
  ],
  ["no billing", restError(403, infoOf("BILLING_DISABLED")), "ACCOUNT_UNUSABLE"],
  ["a suspended project", restError(403, infoOf("CONSUMER_SUSPENDED")), "ACCOUNT_UNUSABLE"],
  ["a service perimeter", restError(403, infoOf("SECURITY_POLICY_VIOLATED")), "PERMISSION_DENIED"],
  [
    "a quota that only the text tells",
    restError(403, { message: "Quota exceeded for quota group 'ReadGroup'" }),
    "THROTTLED",
  ],
  ["an exhausted quota", restError(429, { status: "RESOURCE_EXHAUSTED" }), "THROTTLED"],
  ["an internal error", restError(500, { status: "INTERNAL" }), "PROVIDER_UNAVAILABLE"],
  ["a proxy's page", Object.assign(new Error("<html>"), { status: 502 }), "PROVIDER_UNAVAILABLE"],
  ["an answer that is no JSON", new SyntaxError("Unexpected token '<'"), "PROVIDER_UNAVAILABLE"],
  [
    "an unknown host",
    Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }),
    "PROVIDER_UNAVAILABLE",
  ],
  ["a defect of ours", new TypeError("x is not a function"), "INVALID_REQUEST"],
];

describe("an error of Google's libraries", () => {
  for (const [title, error, code] of cases) {
    it(`${title} is ${code}`, () => {
      expect(translateGoogleError(error, "compute:disks.aggregatedList").code).to.equal(code);
    });
  }

  it("names the reason but passes no text of Google's on", () => {
    const error = restError(403, {
      message: "Permission denied on resource project acme-secret for reader@acme.example",
      errors: [{ reason: "forbidden" }],
    });
    const translated = translateGoogleError(error, "compute:disks.aggregatedList");
    expect(translated.nativeCode).to.equal("forbidden");
    expect(translated.message).to.equal(
      "The service account lacks the permission for compute:disks.aggregatedList",
    );
    expect(translated.cause).to.equal(undefined);
  });

  it("keeps the cause only of a defect", () => {
    const defect = new TypeError("x is not a function");
    expect(translateGoogleError(defect, "storage:buckets.list").cause).to.equal(defect);
  });

  it("waits as long as RetryInfo asks", () => {
    const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "30s" }];
    const error = translateGoogleError(restError(429, { details }), "storage:buckets.list");
    expect(error.retryAfterMs).to.equal(30_000);
  });
});
