import { expect } from "chai";
import { describe, it } from "mocha";
import { answerError, codeOfBody, translateError } from "../../../providers/azure/errors.ts";
import { ProviderError } from "../../../providers/errors.ts";
import { readAzureBodies } from "../../support/azure-recordings.ts";

describe("answerError of Azure", () => {
  for (const [status, nativeCode, code] of [
    [401, "AADSTS7000215", "CREDENTIAL_REJECTED"],
    [400, "AADSTS9999999", "CREDENTIAL_REJECTED"],
    [400, "AADSTS90033", "PROVIDER_UNAVAILABLE"],
    [503, "AADSTS9999999", "PROVIDER_UNAVAILABLE"],
    [429, "AADSTS9999999", "THROTTLED"],
    [401, "AADSTS700024", "CLOCK_SKEWED"],
    [401, "ExpiredAuthenticationToken", "CLOCK_SKEWED"],
    [401, "InvalidAuthenticationToken", "CREDENTIAL_REJECTED"],
    [403, "AuthorizationFailed", "PERMISSION_DENIED"],
    [403, null, "PERMISSION_DENIED"],
    [404, "SubscriptionNotFound", "NOT_FOUND"],
    [409, "MissingSubscriptionRegistration", "SERVICE_DISABLED"],
    [400, "NoRegisteredProviderFound", "SERVICE_DISABLED"],
    [403, "ReadOnlyDisabledSubscription", "ACCOUNT_UNUSABLE"],
    [429, "OperationNotAllowed", "THROTTLED"],
    [408, null, "PROVIDER_UNAVAILABLE"],
    [502, null, "PROVIDER_UNAVAILABLE"],
    [400, "InvalidApiVersionParameter", "INVALID_REQUEST"],
    [null, "ECONNRESET", "PROVIDER_UNAVAILABLE"],
    [null, "ENOTFOUND", "PROVIDER_UNAVAILABLE"],
    [null, "SELF_SIGNED_CERT_IN_CHAIN", "INVALID_REQUEST"],
    [null, "DEPTH_ZERO_SELF_SIGNED_CERT", "INVALID_REQUEST"],
    [null, "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "INVALID_REQUEST"],
    [200, "PARSE_ERROR", "PROVIDER_UNAVAILABLE"],
  ] as const) {
    it(`reads ${status ?? "no status"} with ${nativeCode ?? "no code"} as ${code}`, () => {
      expect(answerError({ status, nativeCode }, "arm:Any").code).to.equal(code);
    });
  }

  it("drops a native code that is no code", () => {
    const error = answerError({ status: 400, nativeCode: "see https://x/?id=1" }, "arm:Any");

    expect(error.nativeCode).to.equal(null);
    expect(error.message).to.equal("Azure arm:Any: it refused the request with 400");
  });

  it("classifies every real error body without repeating its text", () => {
    const { errors } = readAzureBodies();

    expect(errors).not.to.have.length(0);
    for (const { status, body } of errors) {
      const nativeCode = codeOfBody(JSON.stringify(body));
      const { message } = answerError({ status, nativeCode }, "arm:Any");
      expect(nativeCode).to.equal(body.error.code);
      expect(message).not.to.contain(body.error.message);
      expect(message).to.have.length.below(120);
    }
  });
});

describe("translateError of Azure", () => {
  it("leaves mistakes of ours as they are", () => {
    const mistake = new TypeError("x is undefined");

    expect(translateError(mistake, "arm:Any")).to.equal(mistake);
  });

  it("does not wrap a ProviderError again", () => {
    const error = answerError({ status: 500, nativeCode: null }, "entra:GetToken");

    expect(translateError(error, "arm:Any")).to.equal(error);
    expect(error).to.be.instanceOf(ProviderError);
  });
});
