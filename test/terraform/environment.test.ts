import { expect } from "chai";
import { describe, it } from "mocha";
import {
  cliConfig,
  type RunCredential,
  runEnvironment,
  secretValues,
} from "../../terraform/environment.ts";
import { awsCredential } from "../support/terraform.ts";

const base = {
  HOME: "/run/home",
  TMPDIR: "/run/home",
  CHECKPOINT_DISABLE: "1",
  TF_CLI_CONFIG_FILE: "/run/terraform.rc",
  TF_IN_AUTOMATION: "1",
  TF_INPUT: "0",
};
const azureCredential: RunCredential = {
  provider: "azure",
  tenantId: "tenant",
  clientId: "client",
  clientSecret: "client-secret-value",
  subscriptionId: "subscription",
};
const key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END PRIVATE KEY-----\n";
const gcpCredential: RunCredential = {
  provider: "gcp",
  serviceAccountJson: JSON.stringify({ type: "service_account", private_key: key }),
  projectId: "project-1",
};

function environmentOf(credential: RunCredential, inherited: Record<string, string> = {}) {
  const { HOME: home, TF_CLI_CONFIG_FILE: cliConfigFile } = base;
  return runEnvironment({ credential, inherited, home, cliConfigFile });
}

describe("runEnvironment", () => {
  it("gives AWS keys and shuts out the host's own identity", () => {
    expect(environmentOf(awsCredential)).to.deep.equal({
      ...base,
      AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
      AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
      AWS_REGION: "eu-central-1",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_CONFIG_FILE: "/dev/null",
    });
  });

  it("gives Azure a service principal and shuts out the host's own identity", () => {
    expect(environmentOf(azureCredential)).to.deep.equal({
      ...base,
      ARM_TENANT_ID: "tenant",
      ARM_CLIENT_ID: "client",
      ARM_CLIENT_SECRET: "client-secret-value",
      ARM_SUBSCRIPTION_ID: "subscription",
      ARM_USE_CLI: "false",
      ARM_USE_MSI: "false",
    });
  });

  it("gives Google the key file's content", () => {
    expect(environmentOf(gcpCredential)).to.deep.equal({
      ...base,
      GOOGLE_CREDENTIALS: gcpCredential.provider === "gcp" && gcpCredential.serviceAccountJson,
      GOOGLE_PROJECT: "project-1",
    });
  });

  it("keeps from Google's provider what a key file says of URLs and files", () => {
    const file = { type: "service_account", private_key: key };
    const more = {
      token_uri: "http://169.254.169.254/",
      credential_source: { file: "/etc/passwd" },
    };
    const serviceAccountJson = JSON.stringify({ ...file, ...more });
    const credential = { provider: "gcp", serviceAccountJson, projectId: null } as const;

    expect(environmentOf(credential)["GOOGLE_CREDENTIALS"]).to.equal(JSON.stringify(file));
  });

  it("gives Google the key's own project when no other is wanted", () => {
    const file = { type: "service_account", private_key: key, project_id: "own-project" };
    const serviceAccountJson = JSON.stringify(file);
    const credential = { provider: "gcp", serviceAccountJson, projectId: null } as const;

    expect(environmentOf(credential)["GOOGLE_PROJECT"]).to.equal("own-project");
  });

  it("inherits the way out to the network and nothing else", () => {
    const environment = environmentOf(awsCredential, {
      PATH: "/usr/bin",
      HTTPS_PROXY: "http://proxy:3128",
      AWS_PROFILE: "admin",
      CREDENTIAL_KEYS: "k1:secret",
      DATABASE_URL: "postgres://secret",
      TF_LOG: "TRACE",
      TF_CLI_ARGS: "-lock=false",
      TF_REATTACH_PROVIDERS: "{}",
      NODE_OPTIONS: "--inspect",
    });

    expect(environment).to.deep.equal({
      ...environmentOf(awsCredential),
      PATH: "/usr/bin",
      HTTPS_PROXY: "http://proxy:3128",
    });
  });

  it("takes the operator's endpoints of AWS, of all services and of each", () => {
    const endpoints = {
      AWS_ENDPOINT_URL: "https://aws.example.com",
      AWS_ENDPOINT_URL_S3: "https://s3.example.com",
      AWS_ENDPOINT_URL_COST_EXPLORER: "https://ce.example.com",
    };
    const others = { GCP_ENDPOINT: "https://gcp.example.com", ARM_ENVIRONMENT: "china" };

    expect(environmentOf(awsCredential, { ...endpoints, ...others })).to.deep.equal({
      ...environmentOf(awsCredential),
      ...endpoints,
    });
  });

  const resourceManager = (url: string) => ({ AZURE_RESOURCE_MANAGER_ENDPOINT: url });
  for (const { what, inherited, expected } of [
    {
      what: "a sovereign cloud by its name",
      inherited: resourceManager("https://management.usgovcloudapi.net"),
      expected: { ARM_ENVIRONMENT: "usgovernment" },
    },
    {
      what: "a host that describes its cloud",
      inherited: resourceManager("https://arm.example.com:8443/"),
      expected: { ARM_METADATA_HOSTNAME: "arm.example.com:8443" },
    },
    {
      what: "what was set for it",
      inherited: { ...resourceManager("https://arm.example.com"), ARM_ENVIRONMENT: "china" },
      expected: { ARM_ENVIRONMENT: "china" },
    },
    {
      what: "nothing of an authority alone",
      inherited: { AZURE_AUTHORITY_HOST: "https://login.example.com" },
      expected: {},
    },
  ]) {
    it(`tells Azure's provider ${what}`, () => {
      expect(environmentOf(azureCredential, inherited)).to.deep.equal({
        ...environmentOf(azureCredential),
        ...expected,
      });
    });
  }

  it("tells Google's provider the operator's endpoint of each service, and of tokens", () => {
    const environment = environmentOf(gcpCredential, {
      GCP_ENDPOINT: "https://gcp.example.com",
      GCP_TOKEN_URL: "https://token.example.com/token",
    });

    expect(environment).to.include({
      GOOGLE_COMPUTE_CUSTOM_ENDPOINT: "https://gcp.example.com/compute/v1/",
      GOOGLE_STORAGE_CUSTOM_ENDPOINT: "https://gcp.example.com/storage/v1/",
    });
    expect(JSON.parse(environment["GOOGLE_CREDENTIALS"] ?? "")).to.include({
      token_uri: "https://token.example.com/token",
      audience: "https://oauth2.googleapis.com/token",
    });
  });

  it("reattaches providers only when told so explicitly", () => {
    const { HOME: home, TF_CLI_CONFIG_FILE: cliConfigFile } = base;
    const reattachProviders = '{"hashicorp/aws":{}}';
    const options = { credential: awsCredential, inherited: {}, home, cliConfigFile };

    const environment = runEnvironment({ ...options, reattachProviders });

    expect(environment["TF_REATTACH_PROVIDERS"]).to.equal(reattachProviders);
  });
});

describe("secretValues", () => {
  it("names the secret of each kind of credential", () => {
    expect(secretValues(awsCredential)).to.deep.equal(["wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"]);
    expect(secretValues(azureCredential)).to.deep.equal(["client-secret-value"]);
  });

  it("names a private key whole, escaped and line by line", () => {
    const secrets = secretValues(gcpCredential);

    expect(secrets).to.include(key);
    expect(secrets).to.include(key.replaceAll("\n", "\\n"));
    expect(secrets).to.include("MIIEvQIBADANBgkqhkiG9w0B");
    expect(secrets).not.to.include("-----BEGIN PRIVATE KEY-----");
  });
});

describe("cliConfig", () => {
  it("leaves terraform its registry when there is no mirror", () => {
    expect(cliConfig(null)).to.equal("disable_checkpoint = true\n");
  });

  it("lets providers come from the mirror alone", () => {
    expect(cliConfig("/mirror")).to.include('filesystem_mirror {\n    path = "/mirror"');
    expect(cliConfig("/mirror")).not.to.include("direct");
  });
});
