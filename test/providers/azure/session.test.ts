import { expect } from "chai";
import { describe, it } from "mocha";
import { openAzure } from "../../../providers/azure/provider.ts";
import { openSession } from "../../../providers/azure/session.ts";
import { ProviderError } from "../../../providers/errors.ts";
import { azureCredential } from "../../support/azure.ts";

describe("openSession of Azure", () => {
  for (const [setting, azure] of [
    ["AZURE_RESOURCE_MANAGER_ENDPOINT", { resourceManager: "http://127.0.0.1:1" }],
    ["AZURE_AUTHORITY_HOST", { authorityHost: "http://127.0.0.1:1" }],
    ["AZURE_AUTHORITY_HOST", { authorityHost: "login.example" }],
  ] as const) {
    it(`refuses ${setting} without TLS, naming the setting (${JSON.stringify(azure)})`, () => {
      expect(() => openAzure(azureCredential(), { azure }))
        .to.throw(ProviderError, `${setting} must be an https URL`)
        .with.property("code", "INVALID_REQUEST");
    });
  }

  for (const [field, change] of [
    ["tenant_id", { tenantId: "" }],
    ["client_id", { clientId: " " }],
    ["client_secret", { clientSecret: "" }],
    ["subscription_id", { subscriptionId: "" }],
    ["tenant_id", { tenantId: "a/../b" }],
    ["subscription_id", { subscriptionId: "a/../b" }],
  ] as const) {
    it(`names ${field} when it is ${JSON.stringify(change)}`, () => {
      expect(() => openAzure({ ...azureCredential(), ...change }, {}))
        .to.throw(ProviderError, field)
        .with.property("code", "CREDENTIAL_INCOMPLETE");
    });
  }

  it("asks for tokens of the public cloud unless an endpoint is set, which the audience follows", () => {
    const sovereign = { azure: { resourceManager: "https://management.example.cn/" } };

    expect(openSession(azureCredential(), {}).tokenScope).to.equal(
      "https://management.azure.com/.default",
    );
    expect(openSession(azureCredential(), sovereign).tokenScope).to.equal(
      "https://management.example.cn/.default",
    );
  });
});
