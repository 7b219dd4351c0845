import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Effect } from "../../../local/clouds/faults.ts";
import { generateProject } from "../../../local/clouds/gcp/generate.ts";
import type { SimulatedGcp } from "../../../local/clouds/gcp/server.ts";
import type { ProviderErrorCode } from "../../../providers/errors.ts";
import type { Provider, Scope } from "../../../providers/provider.ts";
import { providerErrorOf } from "../../support/failure.ts";
import { accountEmail, openAt, pagesOf, startGcpWith } from "../../support/gcp.ts";

const projectId = "acme-prod";
const instances = { accountId: projectId, region: "global", kind: "compute:instance" };
const buckets = { accountId: projectId, region: "global", kind: "storage:bucket" };
const operations = new Map<Scope, string>([
  [instances, "compute:instances.aggregatedList"],
  [buckets, "storage:buckets.list"],
]);

interface Trouble {
  title: string;
  effect: Effect;
  code: ProviderErrorCode;
  /** How often the call is made in all. */
  tries: number;
}

const troubles: Trouble[] = [
  { title: "a lacking permission", effect: { kind: "deny" }, code: "PERMISSION_DENIED", tries: 1 },
  {
    title: "a quota answer (403)",
    effect: { kind: "throttle", status: 403 },
    code: "THROTTLED",
    tries: 3,
  },
  {
    title: "too many requests (429)",
    effect: { kind: "throttle", status: 429 },
    code: "THROTTLED",
    tries: 3,
  },
  {
    title: "an outage (503)",
    effect: { kind: "error", status: 503 },
    code: "PROVIDER_UNAVAILABLE",
    tries: 3,
  },
  {
    title: "a broken connection",
    effect: { kind: "reset" },
    code: "PROVIDER_UNAVAILABLE",
    tries: 3,
  },
  {
    title: "a body cut off in the middle",
    effect: { kind: "reset", midBody: true },
    code: "PROVIDER_UNAVAILABLE",
    tries: 3,
  },
  {
    title: "no answer within the time limit",
    effect: { kind: "hang" },
    code: "PROVIDER_UNAVAILABLE",
    tries: 3,
  },
  {
    title: "something unknown (404)",
    effect: { kind: "error", status: 404, code: "notFound" },
    code: "NOT_FOUND",
    tries: 1,
  },
  {
    title: "a refused parameter (400)",
    effect: { kind: "error", status: 400, code: "invalid" },
    code: "INVALID_REQUEST",
    tries: 1,
  },
];

describe("trouble while listing GCP", () => {
  let cloud: SimulatedGcp;
  let provider: Provider;

  beforeEach(async () => {
    cloud = await startGcpWith(generateProject({ projectId, seed: 2, resources: 1_200 }));
    provider = openAt(cloud, { projectId });
  });
  afterEach(async () => {
    provider.close();
    await cloud.close();
  });

  for (const [scope, operation] of operations) {
    for (const { title, effect, code, tries } of troubles) {
      it(`${scope.kind}: ${title} ends as ${code} after ${tries} tries`, async () => {
        // Google's storage library waits for the rest of a body that broke off as long as for an answer that never comes.
        if (effect.kind === "hang" || effect.kind === "reset") {
          provider.close();
          provider = openAt(cloud, { projectId, limits: { requestTimeout: 1_000 } });
        }
        cloud.faults.push({ operation, effect });
        const error = await providerErrorOf(pagesOf(provider, scope));
        expect(error.code).to.equal(code);
        expect(error.operation).to.equal(operation);
        expect(cloud.faults.callsOf(operation)).to.have.length(tries);
        expect(error.message).to.not.include(projectId).and.not.include(accountEmail);
      });
    }

    it(`${scope.kind}: goes on after one outage and one reset`, async () => {
      cloud.faults.push(
        { operation, effect: { kind: "error", status: 503 }, times: 1 },
        { operation, effect: { kind: "reset" }, times: 1 },
      );
      expect(await pagesOf(provider, scope)).to.not.have.length(0);
      expect(
        cloud.faults
          .callsOf(operation)
          .map((call) => call.effect)
          .slice(0, 3),
      ).to.deep.equal(["error", "reset", null]);
    });

    it(`${scope.kind}: hands on a Retry-After that is too long to wait for`, async () => {
      cloud.faults.push({ operation, effect: { kind: "throttle", retryAfterSeconds: 90 } });
      const error = await providerErrorOf(pagesOf(provider, scope));
      expect(error.retryAfterMs).to.equal(90_000);
      expect(cloud.faults.callsOf(operation)).to.have.length(1);
    });
  }

  it("keeps the pages before the one that broke", async () => {
    const operation = "compute:instances.aggregatedList";
    cloud.state.projects.set(projectId, generateProject({ projectId, seed: 2, resources: 1_500 }));
    cloud.faults.push({ operation, page: 2, effect: { kind: "reset" } });
    const sizes: number[] = [];
    const reading = (async () => {
      for await (const page of provider.list(instances, { signal: AbortSignal.timeout(10_000) })) {
        sizes.push(page.resources.length);
      }
    })();
    expect((await providerErrorOf(reading)).code).to.equal("PROVIDER_UNAVAILABLE");
    expect(sizes).to.deep.equal([500]);
  });

  it("tells a disabled API and missing billing from a lacking permission", async () => {
    const project = cloud.state.projects.get(projectId);
    project?.disabledApis.add("compute").add("storage");
    expect((await providerErrorOf(pagesOf(provider, instances))).code).to.equal("SERVICE_DISABLED");
    expect((await providerErrorOf(pagesOf(provider, buckets))).code).to.equal("SERVICE_DISABLED");
    project?.disabledApis.clear();
    if (project !== undefined) project.hasBilling = false;
    expect((await providerErrorOf(pagesOf(provider, instances))).code).to.equal("ACCOUNT_UNUSABLE");
  });

  it("reports a key that Google no longer accepts, whichever API is called first", async () => {
    const account = cloud.state.serviceAccounts.get(accountEmail);
    if (account !== undefined) account.isRevoked = true;
    for (const scope of [instances, buckets]) {
      const error = await providerErrorOf(pagesOf(provider, scope));
      expect(error.code).to.equal("CREDENTIAL_REJECTED");
      expect(error.nativeCode).to.equal("invalid_grant");
    }
  });

  it("lets no key, token or address into an error, its cause included", async () => {
    for (const { effect } of troubles.filter((trouble) => trouble.effect.kind !== "hang")) {
      cloud.faults.clear();
      cloud.faults.push({ operation: "compute:*", effect });
      const error = await providerErrorOf(pagesOf(provider, instances));
      const said = `${error.message} ${error.stack} ${String(error.cause)} ${JSON.stringify(error)}`;
      expect(said)
        .to.not.include(accountEmail)
        .and.not.match(/ya29|PRIVATE KEY|Bearer/);
      expect(error.cause).to.equal(undefined);
    }
  });
});
