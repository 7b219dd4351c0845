import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { ProviderError } from "../../../providers/errors.ts";
import type { CostLine, CostWindow } from "../../../providers/provider.ts";
import { type AwsWorld, accountId, costsOf, impatient, setupAws, soon } from "../../support/aws.ts";
import { failureOf } from "../../support/failure.ts";

const operation = "ce:GetCostAndUsage";
const july = { start: "2026-07-01", end: "2026-08-01" };

describe("costs of an AWS account", () => {
  let world: AwsWorld;

  beforeEach(async () => {
    world = await setupAws({ largestPage: 10 });
    for (let day = 1; day <= 25; day += 1) {
      world.account.costs.push({
        date: `2026-07-${String(day).padStart(2, "0")}`,
        service: "AmazonEC2",
        recordType: day === 3 ? "Credit" : "Usage",
        amount: day === 3 ? "-2.6137" : `0.000000000${day}`,
        currency: "USD",
        estimated: day > 20,
      });
    }
  });

  afterEach(() => world.close());

  function pages(window: CostWindow = july): Promise<CostLine[][]> {
    return costsOf(world.open({}, impatient(2_000)), window, soon());
  }

  it("reads three pages although the second is refused at first", async () => {
    world.aws.faults.push({ operation, page: 2, times: 1, effect: { kind: "throttle" } });
    const lengths = (await pages()).map((lines) => lines.length);
    expect(lengths).to.deep.equal([10, 10, 5]);
    expect(world.aws.faults.callsOf(operation)).to.have.length(4);
  });

  it("keeps amounts as the exact strings that AWS stated", async () => {
    const lines = (await pages()).flat();
    expect(lines.map((line) => line.cost)).to.deep.equal(
      world.account.costs.map((entry) => entry.amount),
    );
  });

  it("tells credits from usage and estimates from final amounts", async () => {
    const lines = (await pages()).flat();
    expect(lines[2]).to.deep.equal({
      provider: "aws",
      accountId,
      service: "AmazonEC2",
      resourceId: null,
      cost: "-2.6137",
      currency: "USD",
      date: "2026-07-03",
      billingPeriod: "2026-07",
      metadata: {
        record_type: "Credit",
        net_unblended_cost: "-2.6137",
        amortized_cost: "-2.6137",
        net_amortized_cost: "-2.6137",
        blended_cost: "-2.6137",
        estimated: false,
      },
    });
    expect(lines.filter((line) => line.metadata["estimated"])).to.have.length(5);
  });

  it("leaves out the last day of the window", async () => {
    const lines = (await pages({ start: "2026-07-02", end: "2026-07-04" })).flat();
    expect(lines.map((line) => line.date)).to.deep.equal(["2026-07-02", "2026-07-03"]);
  });

  it("asks Cost Explorer where it lives, whatever the region of the credential", async () => {
    await pages();
    const regions = world.aws.faults.callsOf(operation).map((call) => call.region);
    expect(new Set(regions)).to.deep.equal(new Set(["us-east-1"]));
  });

  it("refuses pages that run in circles", async () => {
    world.aws.faults.push({ operation, page: 2, effect: { kind: "repeated-token" } });
    const error = await failureOf(pages(), ProviderError);
    expect(error.message).to.contain("repeated a page token");
  });

  const answers = [
    ["LimitExceededException", "THROTTLED"],
    ["DataUnavailableException", "PROVIDER_UNAVAILABLE"],
    ["BillExpirationException", "INVALID_REQUEST"],
    ["AccessDeniedException", "PERMISSION_DENIED"],
  ] as const;
  for (const [native, code] of answers) {
    it(`classifies ${native} as ${code}`, async () => {
      const effect = { kind: "error", status: 400, code: native } as const;
      world.aws.faults.push({ operation, effect });
      const error = await failureOf(pages(), ProviderError);
      expect(error).to.include({ code, nativeCode: native });
    });
  }
});
