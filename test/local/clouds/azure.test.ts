import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { generateSubscription } from "../../../local/clouds/azure/generate.ts";
import { putResource, removeResource } from "../../../local/clouds/azure/state.ts";
import {
  type AzureSetup,
  azureClient,
  azureDisks,
  azureMachine,
  azureSecret,
  azureSubscription,
  azureTenant,
  listResources,
  setupAzure,
} from "../../support/azure.ts";
import { readAzureBodies } from "../../support/azure-recordings.ts";
import { providerErrorOf } from "../../support/failure.ts";

const generated = {
  seed: 42,
  resources: 1_500,
  subscriptionId: azureSubscription,
  tenantId: azureTenant,
  displayName: "Generated",
  readers: [azureClient],
};

describe("the simulated Azure", () => {
  let setup: AzureSetup;
  afterEach(() => setup.azure.close());

  it("serves 1,500 generated resources to the official packages", async () => {
    const { resources } = generateSubscription(generated);
    setup = await setupAzure(resources);

    const listed = await listResources(setup.provider);

    const inventory = resources.filter(({ type }) => type !== "Microsoft.Web/sites");
    expect(listed).to.have.length(inventory.length);
    expect(new Set(listed.map(({ type }) => type))).to.deep.equal(
      new Set(["vm", "storage", "network"]),
    );
  });

  it("serves every real body", async () => {
    const { resources } = readAzureBodies();
    setup = await setupAzure();
    setup.azure.state.subscriptions[0]?.resources.push(...resources);

    const listed = await listResources(setup.provider);

    const inventory = resources.filter(({ type }) => !/microsoft.web/i.test(type));
    expect(new Set(listed.map(({ resourceId }) => resourceId))).to.deep.equal(
      new Set(inventory.map(({ id }) => id.toLowerCase())),
    );
  });

  it("shows what is added, changed and removed to the next listing", async () => {
    setup = await setupAzure([azureMachine("a", "running"), azureMachine("b", "running")]);
    const { state } = setup.azure;

    await listResources(setup.provider);
    putResource(state, azureMachine("a", "deallocated"));
    putResource(state, azureMachine("c", "starting"));
    removeResource(state, azureMachine("b", "").id.toUpperCase());
    const listed = await listResources(setup.provider);

    expect(listed.map(({ name, status }) => [name, status])).to.deep.equal([
      ["a", "stopped"],
      ["c", "pending"],
    ]);
  });

  it("records who called what, page by page", async () => {
    setup = await setupAzure(azureDisks(12), 10);

    await listResources(setup.provider);

    const calls = setup.azure.calls.map(({ operation, principal, page }) => [
      operation,
      principal,
      page,
    ]);
    expect(calls).to.deep.equal([
      ["entra:GetConfiguration", null, 1],
      ["entra:GetToken", azureClient, 1],
      ["compute:ListVirtualMachines", azureClient, 1],
      ["arm:ListResources", azureClient, 1],
      ["arm:ListResources", azureClient, 2],
      ["arm:ListResources", azureClient, 3],
    ]);
  });

  it("refuses a token that was minted for another audience", async () => {
    setup = await setupAzure();
    const form = `grant_type=client_credentials&client_id=${azureClient}&client_secret=${encodeURIComponent(azureSecret)}&scope=https%3A%2F%2Fmanagement.azure.com%2F.default`;

    const token = await call(setup, "POST", `/${azureTenant}/oauth2/v2.0/token`, { form });
    const answer = await call(setup, "GET", `/subscriptions/${azureSubscription}`, {
      bearer: String(token.body["access_token"]),
    });

    expect(token.status).to.equal(200);
    expect([answer.status, answer.body]).to.deep.equal([
      401,
      { error: { code: "InvalidAuthenticationToken", message: "The access token is invalid." } },
    ]);
  });

  it("links pages with a percent-encoded skip token and keeps the query", async () => {
    setup = await setupAzure(azureDisks(12), 10);
    const form = `client_id=${azureClient}&client_secret=${encodeURIComponent(azureSecret)}&scope=${encodeURIComponent(`${setup.azure.url}/.default`)}`;
    const token = await call(setup, "POST", `/${azureTenant}/oauth2/v2.0/token`, { form });
    const path = `/subscriptions/${azureSubscription}/resources?api-version=2025-04-01`;

    const { body } = await call(setup, "GET", path, { bearer: String(token.body["access_token"]) });

    expect(body["nextLink"]).to.match(/\/resources\?api-version=2025-04-01&%24skiptoken=\w+$/);
    expect(body["value"]).to.have.length(10);
  });

  it("lets another process add a VM, warn a subscription and expire a secret", async () => {
    setup = await setupAzure();
    const vm = azureMachine("remote", "running");

    const statuses = [
      await call(setup, "PUT", "/_simulation/resources", { json: vm }),
      await call(setup, "PUT", "/_simulation/resources", { json: { id: 7 } }),
    ].map(({ status }) => status);
    const listed = await listResources(setup.provider);
    const path = `/_simulation/subscriptions/${azureSubscription}`;
    await call(setup, "PATCH", path, { json: { state: "Warned" } });
    await call(setup, "PATCH", `/_simulation/apps/${azureClient}`, {
      json: { secretState: "expired" },
    });
    const error = await providerErrorOf(listResources(setup.open()));

    expect(statuses).to.deep.equal([204, 400]);
    expect(listed.map(({ name }) => name)).to.deep.equal(["remote"]);
    expect(setup.azure.state.subscriptions[0]?.state).to.equal("Warned");
    expect(error.nativeCode).to.equal("AADSTS7000222");
  });
});

describe("generateSubscription", () => {
  it("makes the same subscription of the same seed, and another of another", () => {
    const again = generateSubscription(generated);
    const other = generateSubscription({ ...generated, seed: 43 });

    expect(again).to.deep.equal(generateSubscription(generated));
    expect(other).not.to.deep.equal(again);
    expect(new Set(again.resources.map(({ id }) => id)).size).to.equal(1_500);
  });
});

interface CallOptions {
  bearer?: string;
  form?: string;
  json?: object;
}

/** One bare https request to the simulation, trusting its certificate. */
async function call(
  { azure }: AzureSetup,
  method: string,
  path: string,
  { bearer, form, json }: CallOptions,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const body = form ?? (json && JSON.stringify(json));
  const type = form === undefined ? "application/json" : "application/x-www-form-urlencoded";
  const sent = request(`${azure.url}${path}`, {
    method,
    ca: azure.certificateAuthority,
    agent: false,
    headers: { "content-type": type, ...(bearer && { authorization: `Bearer ${bearer}` }) },
  });
  sent.end(body);
  const response: IncomingMessage = (await once(sent, "response"))[0];
  const answer = await text(response);
  return { status: response.statusCode ?? 0, body: answer ? JSON.parse(answer) : {} };
}
