import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import {
  add,
  type Decimal,
  formatDecimal,
  parseDecimal,
  zero,
} from "../../../providers/focus/decimal.ts";
import { focusFacts } from "../../../providers/focus/facts.ts";
import { readFocus } from "../../../providers/focus/read.ts";
import type { CostLine } from "../../../providers/provider.ts";

/** The FOCUS 1.0 sample of the FinOps Foundation; not part of the repository. */
const sample = join(import.meta.dirname, "../../../../shared/data/focus-1.0-sample.csv");
const { signal } = new AbortController();

// Without the sample the generated files of the neighbouring tests stand in for it.
if (existsSync(sample)) {
  describe("the FOCUS 1.0 sample", () => {
    it("has the published totals", async () => {
      expect(await focusFacts(sample, signal)).to.deep.equal({
        version: "e91e5ac7edf01ed2c9d926f37ef7dc1ae2aae97956fea8da6c9ee488b1c2839e",
        rows: 1_000,
        totals: { USD: "20.52022672899" },
        periods: ["2024-09", "2024-10"],
        days: { first: "2024-09-01", last: "2024-09-30" },
      });
    });

    it("becomes 973 cost lines that add up per provider and billing period", async () => {
      const lines: CostLine[] = [];
      for await (const batch of readFocus(sample, signal)) lines.push(...batch);
      const sums = new Map<string, Decimal>();
      for (const { provider, billingPeriod, cost } of lines) {
        const key = `${provider} ${billingPeriod}`;
        sums.set(key, add(sums.get(key) ?? zero, parseDecimal(cost) ?? zero));
      }

      expect(lines).to.have.length(973);
      expect(
        Object.fromEntries([...sums].map(([key, sum]) => [key, formatDecimal(sum)])),
      ).to.deep.equal({
        "aws 2024-09": "18.0066386184",
        "azure 2024-09": "1.97651418586",
        "oracle 2024-09": "0.29707392473",
        "oracle 2024-10": "0.24",
      });
    });
  });
}
