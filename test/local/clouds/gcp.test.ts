import { createSign } from "node:crypto";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { generateProject } from "../../../local/clouds/gcp/generate.ts";
import { type SimulatedGcp, startGcp } from "../../../local/clouds/gcp/server.ts";
import type { ServiceAccount } from "../../../local/clouds/gcp/state.ts";

const projectId = "acme-prod";
const email = "reader@acme.iam.gserviceaccount.com";
const instancesPath = `/compute/v1/projects/${projectId}/aggregated/instances`;

/** What a test reads of any answer. */
interface Body {
  access_token?: string;
  error?: unknown;
  error_description?: string;
  items?: unknown;
  nextPageToken?: string;
  state?: unknown;
  unreachables?: string[];
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

function assertionOf({ privateKey }: ServiceAccount, issuer = email, age = 0): string {
  const iat = Math.floor(Date.now() / 1000) - age;
  const signed = `${encode({ alg: "RS256" })}.${encode({ iss: issuer, iat, exp: iat + 3600 })}`;
  return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey, "base64url")}`;
}

describe("the simulated Google Cloud", () => {
  let cloud: SimulatedGcp;
  let account: ServiceAccount;

  beforeEach(async () => {
    cloud = await startGcp({ projects: [generateProject({ projectId, seed: 1, resources: 100 })] });
    account = await cloud.addServiceAccount(email);
  });
  afterEach(() => cloud.close());

  async function exchange(assertion: string): Promise<{ status: number; body: Body }> {
    const grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    const form = new URLSearchParams({ grant_type, assertion });
    const response = await fetch(cloud.tokenUrl, { method: "POST", body: form });
    const body: Body = JSON.parse(await response.text());
    return { status: response.status, body };
  }

  async function get(path: string): Promise<{ status: number; body: Body }> {
    const { body: grant } = await exchange(assertionOf(account));
    const headers = { authorization: `Bearer ${grant.access_token}` };
    const response = await fetch(`${cloud.url}${path}`, { headers });
    const body: Body = JSON.parse(await response.text());
    return { status: response.status, body };
  }

  it("gives a token for a good assertion", async () => {
    const { status, body } = await exchange(assertionOf(account));
    expect(status).to.equal(200);
    expect(body.access_token).to.match(/^ya29\./);
  });

  it("refuses unknown issuers, foreign signatures, revoked keys and old assertions", async () => {
    const stranger = await cloud.addServiceAccount("stranger@acme.iam.gserviceaccount.com");
    const refusals = [
      await exchange(assertionOf(account, "nobody@acme.iam.gserviceaccount.com")),
      await exchange(assertionOf(stranger)),
      await exchange(assertionOf(account, email, 7_200)),
    ];
    account.isRevoked = true;
    refusals.push(await exchange(assertionOf(account)));

    expect(refusals.map(({ status, body }) => [status, body.error])).to.deep.equal(
      Array.from({ length: 4 }, () => [400, "invalid_grant"]),
    );
    const words = refusals.map(({ body }) => body.error_description);
    expect(words[0]).to.equal("Invalid grant: account not found");
    expect(words[1]).to.equal("Invalid JWT Signature.");
    expect(words[2]).to.include("Check your iat and exp values");
    expect(words[3]).to.equal("Invalid JWT Signature.");
  });

  it("refuses calls without a token", async () => {
    const response = await fetch(`${cloud.url}${instancesPath}`);
    expect(response.status).to.equal(401);
    expect(cloud.faults.callsOf("compute:instances.aggregatedList")[0]?.principal).to.equal(null);
  });

  it("names every zone, the empty ones with a warning", async () => {
    const project = cloud.state.projects.get(projectId);
    if (project !== undefined) project.instances = project.instances.slice(0, 1);
    const { body } = await get(instancesPath);
    const text = JSON.stringify(body.items);
    expect(text.match(/"code":"NO_RESULTS_ON_PAGE"/g)).to.have.length(15);
    expect(text.match(/"instances":\[/g)).to.have.length(1);
  });

  it("names unreachable zones when partial answers are wanted, and fails otherwise", async () => {
    cloud.state.projects.get(projectId)?.unreachable.add("zones/us-east1-b");
    const { body } = await get(`${instancesPath}?returnPartialSuccess=true`);
    expect(body.unreachables).to.deep.equal([`projects/${projectId}/zones/us-east1-b`]);
    expect(JSON.stringify(body.items)).to.include("UNREACHABLE");
    expect((await get(instancesPath)).status).to.equal(503);
  });

  it("encodes states as numbers for clients that ask for it", async () => {
    const path = `/v3/projects/${projectId}`;
    expect((await get(path)).body.state).to.equal("ACTIVE");
    expect((await get(`${path}?$alt=json%3Benum-encoding=int`)).body.state).to.equal(1);
  });

  it("refuses a page token that it never gave out", async () => {
    expect((await get(`${instancesPath}?pageToken=made-up`)).status).to.equal(400);
  });

  it("answers by the state as it is at the time of the call", async () => {
    const path = `/compute/v1/projects/${projectId}/global/networks`;
    const before = await get(path);
    cloud.state.projects.get(projectId)?.networks.pop();
    const later = await get(path);
    expect(before.body.items).to.have.length(5);
    expect(later.body.items).to.have.length(4);
    account.projects.clear();
    expect((await get(path)).status).to.equal(403);
  });

  it("throttles with 403 in Compute and with 429 elsewhere", async () => {
    cloud.faults.push({ effect: { kind: "throttle" }, operation: "compute:*" });
    cloud.faults.push({ effect: { kind: "throttle" }, operation: "storage:*" });
    const compute = await get(instancesPath);
    expect(compute.status).to.equal(403);
    expect(JSON.stringify(compute.body)).to.include("rateLimitExceeded");
    expect((await get(`/storage/v1/b?project=${projectId}`)).status).to.equal(429);
  });

  it("is steered by another process over its control routes", async () => {
    const rule = { operation: "compute:*", effect: { kind: "deny" } };
    const headers = { "content-type": "application/json" };
    const request = { method: "POST", headers, body: JSON.stringify(rule) };
    expect((await fetch(`${cloud.url}/_simulation/faults`, request)).status).to.equal(204);
    expect((await get(instancesPath)).status).to.equal(403);
  });

  it("makes the same project of the same seed", () => {
    const options = { projectId, seed: 7, resources: 200 };
    const project = generateProject(options);
    expect(generateProject(options)).to.deep.equal(project);
    expect(generateProject({ ...options, seed: 8 })).to.not.deep.equal(project);
  });
});
