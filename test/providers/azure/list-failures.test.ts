import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Page } from "../../../providers/provider.ts";
import {
  type AzureSetup,
  azureDisks,
  azureMachine,
  azureSubscription,
  everything,
  listPages,
  listResources,
  noAbort,
  setupAzure,
} from "../../support/azure.ts";
import { failureOf, providerErrorOf } from "../../support/failure.ts";

const list = "arm:ListResources";
const machines = "compute:ListVirtualMachines";

describe("a listing of Azure that fails", () => {
  let setup: AzureSetup;
  beforeEach(async () => {
    setup = await setupAzure([azureMachine("web", "running"), ...azureDisks(24)], 10);
  });
  afterEach(() => setup.azure.close());

  it("is denied as a whole when resources may not be read", async () => {
    setup.azure.faults.push({ operation: list, effect: { kind: "deny" } });

    const error = await providerErrorOf(listPages(setup.provider));

    expect([error.code, error.nativeCode, error.operation]).to.deep.equal([
      "PERMISSION_DENIED",
      "AuthorizationFailed",
      list,
    ]);
    expect(error.message).not.to.contain(azureSubscription);
  });

  it("says on every page that VMs are unread when only they are denied", async () => {
    setup.azure.faults.push({ operation: machines, effect: { kind: "deny" } });

    const pages = await listPages(setup.provider);

    expect(pages.flatMap(({ resources }) => resources)).to.have.length(25);
    expect(pages[0]?.resources[0]).to.include({ name: "web", status: "unknown" });
    for (const { unread } of pages) {
      expect(unread?.map(({ region, reason }) => [region, reason])).to.deep.equal([
        ["global", "denied"],
      ]);
    }
  });

  it("throws when the power states are throttled, before any page", async () => {
    setup.azure.faults.push({
      operation: machines,
      effect: { kind: "throttle", retryAfterSeconds: 90 },
    });

    const error = await providerErrorOf(listPages(setup.provider));

    expect([error.code, error.retryAfterMs, error.operation]).to.deep.equal([
      "THROTTLED",
      90_000,
      machines,
    ]);
    expect(setup.azure.faults.callsOf(list)).to.have.length(0);
  });

  it("waits out a short Retry-After and completes", async () => {
    setup.azure.faults.push({
      operation: list,
      page: 2,
      times: 1,
      effect: { kind: "throttle", retryAfterSeconds: 1 },
    });

    const resources = await listResources(setup.provider);

    expect(resources).to.have.length(25);
    expect(setup.azure.faults.callsOf(list).filter(({ page }) => page === 2)).to.have.length(2);
  });

  for (const status of [429, 503] as const) {
    it(`does not sleep through a long Retry-After of a ${status}`, async () => {
      const effect = { kind: "throttle", retryAfterSeconds: 1_200, status } as const;
      setup.azure.faults.push({ operation: list, page: 2, effect });
      const pages: Page[] = [];

      const error = await providerErrorOf(collect(pages));

      expect(error.code).to.equal(status === 429 ? "THROTTLED" : "PROVIDER_UNAVAILABLE");
      expect(error.retryAfterMs).to.equal(1_200_000);
      expect(pages).to.have.length(1);
      expect(setup.azure.faults.callsOf(list)).to.have.length(2);
    });
  }

  it("retries a 503 and completes", async () => {
    const effect = { kind: "error", status: 503 } as const;
    setup.azure.faults.push({ operation: list, page: 2, times: 1, effect });

    expect(await listResources(setup.provider)).to.have.length(25);
  });

  it("gives up on a lasting 500 after four attempts, and keeps the cursor of the page before", async () => {
    setup.azure.faults.push({ operation: list, page: 2, effect: { kind: "error", status: 500 } });
    const pages: Page[] = [];

    const error = await providerErrorOf(collect(pages));
    setup.azure.faults.clear();
    await collect(pages, pages[0]?.cursor ?? "");

    expect(error.code).to.equal("PROVIDER_UNAVAILABLE");
    expect(setup.azure.faults.calls.filter(({ effect }) => effect === "error")).to.have.length(4);
    expect(pages.flatMap(({ resources }) => resources)).to.have.length(25);
  });

  it("retries a connection that breaks before the answer", async () => {
    setup.azure.faults.push({ operation: list, page: 2, times: 1, effect: { kind: "reset" } });

    expect(await listResources(setup.provider)).to.have.length(25);
  });

  it("ends as unavailable when the connection breaks in the middle of a page", async () => {
    const effect = { kind: "reset", midBody: true } as const;
    setup.azure.faults.push({ operation: list, page: 2, effect });

    const error = await providerErrorOf(listPages(setup.provider));

    expect([error.code, error.isTransient]).to.deep.equal(["PROVIDER_UNAVAILABLE", true]);
  });

  for (const operation of [list, machines]) {
    it(`ends instead of turning in circles when ${operation} repeats a link`, async () => {
      setup.azure.state.subscriptions[0]?.resources.push(
        ...Array.from({ length: 15 }, (_, index) => azureMachine(`vm${index}`, "running")),
      );
      setup.azure.faults.push({ operation, page: 2, effect: { kind: "repeated-token" } });

      const error = await providerErrorOf(listPages(setup.provider));

      expect([error.code, error.nativeCode]).to.deep.equal([
        "PROVIDER_UNAVAILABLE",
        "REPEATED_NEXT_LINK",
      ]);
      expect(setup.azure.faults.callsOf(operation)).to.have.length(2);
    });
  }

  for (const [operation, page] of [
    [list, 1],
    [list, 2],
    [machines, 1],
    [machines, 2],
    ["entra:GetToken", 1],
  ] as const) {
    it(`stops with the signal's reason while page ${page} of ${operation} hangs`, async () => {
      setup.azure.state.subscriptions[0]?.resources.push(
        ...Array.from({ length: 15 }, (_, index) => azureMachine(`vm${index}`, "running")),
      );
      const abort = new AbortController();
      const reason = new Error("The worker shuts down");
      setup.azure.faults.push({ operation, page, effect: { kind: "hang" } });
      const meet = setup.azure.faults.meet.bind(setup.azure.faults);
      setup.azure.faults.meet = async (call) => {
        const effect = await meet(call);
        if (effect?.kind === "hang") setImmediate(() => abort.abort(reason));
        return effect;
      };

      const error = await failureOf(collect([], undefined, abort.signal));

      expect(error).to.equal(reason);
    });
  }

  it("makes no call when the signal has aborted before", async () => {
    const reason = new Error("Too late");

    const error = await failureOf(collect([], undefined, AbortSignal.abort(reason)));

    expect(error).to.equal(reason);
    expect(setup.azure.calls).to.have.length(0);
  });

  it("refuses a cursor that would send the token elsewhere", async () => {
    const error = await providerErrorOf(collect([], "https://elsewhere.example/page"));

    expect(error.code).to.equal("INVALID_REQUEST");
    expect(setup.azure.calls).to.have.length(0);
  });

  async function collect(pages: Page[], cursor?: string, signal = noAbort): Promise<void> {
    const options = cursor === undefined ? { signal } : { signal, cursor };
    for await (const page of setup.provider.list(everything, options)) pages.push(page);
  }
});
