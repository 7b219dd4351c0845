import { expect } from "chai";
import { describe, it } from "mocha";
import { runScript } from "../support/script.ts";

/** Opens every cloud, then checks it where nobody answers, and prints which of our packages were loaded only then. */
const script = `
  import { generateKeyPairSync } from "node:crypto";
  import { register } from "node:module";
  import { MessageChannel } from "node:worker_threads";
  import { providerOpener } from "./providers/open.ts";

  const nowhere = "https://127.0.0.1:1";
  const azure = { resourceManager: nowhere, authorityHost: nowhere };
  const open = providerOpener({ aws: nowhere, azure, gcp: { api: nowhere, token: nowhere } });
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const key = { type: "service_account", private_key: privateKey, client_email: "a@example.com" };
  const common = { region: null, projectId: "p", settings: {} };
  const providers = [
    await open({ ...common, provider: "aws", accessKey: "a", secretKey: "b" }),
    await open({ ...common, provider: "azure", tenantId: "a", clientId: "b", clientSecret: "c", subscriptionId: "d" }),
    await open({ ...common, provider: "gcp", serviceAccountJson: JSON.stringify(key) }),
  ];
  const late = [];
  const { port1, port2 } = new MessageChannel();
  port1.on("message", (url) => late.push(url)).unref();
  const hooks = \`
    let port;
    export function initialize(data) { port = data; }
    export async function load(url, context, next) {
      port.postMessage(url);
      return next(url, context);
    }\`;
  register("data:text/javascript," + encodeURIComponent(hooks), { data: port2, transferList: [port2] });
  for (const provider of providers) {
    await provider.checkHealth(AbortSignal.timeout(20_000)).catch(() => {});
    provider.close();
  }
  const ours = /node_modules\\/(@azure|@aws-sdk|@google-cloud|google-gax)\\/(?!node_modules)/;
  console.log(JSON.stringify({ checked: providers.length, late: late.filter((url) => ours.test(url)) }));
  process.exit();`;

describe("opening a provider", function () {
  this.timeout(60_000);

  it("loads what a health check needs, so that loading takes nothing of its time", async () => {
    expect(JSON.parse(await runScript(script))).to.deep.equal({ checked: 3, late: [] });
  });
});
