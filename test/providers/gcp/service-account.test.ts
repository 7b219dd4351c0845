import { generateKeyPairSync } from "node:crypto";
import { expect } from "chai";
import { describe, it } from "mocha";
import { ProviderError } from "../../../providers/errors.ts";
import { openGcp } from "../../../providers/gcp/provider.ts";
import { parseServiceAccount } from "../../../providers/gcp/service-account.ts";

const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});
const file = {
  type: "service_account",
  project_id: "acme-prod",
  private_key_id: "key-1",
  private_key: privateKey,
  client_email: "reader@acme.iam.gserviceaccount.com",
};

function refusalOf(text: string): string {
  try {
    parseServiceAccount(text);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    expect(error.code).to.equal("CREDENTIAL_INCOMPLETE");
    return error.message;
  }
  throw new Error("expected a refusal");
}

describe("a service-account key file", () => {
  it("is read", () => {
    expect(parseServiceAccount(JSON.stringify(file))).to.deep.equal({
      clientEmail: "reader@acme.iam.gserviceaccount.com",
      privateKey,
      privateKeyId: "key-1",
      projectId: "acme-prod",
    });
  });

  it("is refused by the name of the field that is missing", () => {
    for (const field of ["private_key", "client_email"]) {
      expect(refusalOf(JSON.stringify({ ...file, [field]: undefined }))).to.equal(
        `Service-account key: ${field} is missing`,
      );
      expect(refusalOf(JSON.stringify({ ...file, [field]: 7 }))).to.include(field);
    }
  });

  it("is refused when of another type, which could name a program or a URL", () => {
    expect(refusalOf(JSON.stringify({ ...file, type: "external_account" }))).to.include("type");
  });

  it("is refused without quoting it", () => {
    const torn = JSON.stringify({ ...file, private_key: privateKey.slice(0, 300) });
    expect(refusalOf(torn)).to.equal("Service-account key: private_key is not a PEM private key");
    expect(refusalOf(`${privateKey} not json`)).to.equal("Service-account key: not valid JSON");
    expect(refusalOf("[]")).to.equal("Service-account key: not a JSON object");
  });
});

describe("opening GCP", () => {
  const credential = {
    provider: "gcp",
    serviceAccountJson: JSON.stringify(file),
    projectId: null,
    settings: {},
  } as const;

  it("needs a project from the credential or from the key", () => {
    const serviceAccountJson = JSON.stringify({ ...file, project_id: undefined });
    expect(() => openGcp({ ...credential, serviceAccountJson }, {})).to.throw(
      ProviderError,
      "project_id is missing",
    );
    const named = { ...credential, serviceAccountJson, projectId: "acme-prod" };
    expect(openGcp(named, {}).name).to.equal("gcp");
  });

  it("refuses to send secrets by plain http to another machine", () => {
    for (const endpoint of ["api", "token"]) {
      const endpoints = { gcp: { [endpoint]: "http://gcp.example" } };
      expect(() => openGcp(credential, endpoints)).to.throw(TypeError, "https");
    }
  });
});
