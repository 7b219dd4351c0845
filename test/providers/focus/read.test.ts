import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { add, formatDecimal, parseDecimal, zero } from "../../../providers/focus/decimal.ts";
import { readFocus } from "../../../providers/focus/read.ts";
import type { CostLine } from "../../../providers/provider.ts";
import { setEnvironment } from "../../support/environment.ts";
import { failureOf } from "../../support/failure.ts";
import {
  type FocusCells,
  focusCsv,
  generatedLines,
  ordinaryLine,
  writeFocusParquet,
} from "../../support/focus-file.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const { signal } = new AbortController();

async function linesOf(path: string): Promise<CostLine[]> {
  const lines: CostLine[] = [];
  for await (const batch of readFocus(path, signal)) lines.push(...batch);
  return lines;
}

function sumOf(lines: { cost: string }[]): string {
  return formatDecimal(lines.map(({ cost }) => parseDecimal(cost) ?? zero).reduce(add, zero));
}

describe("readFocus", () => {
  let folder: string;
  let remove: () => Promise<void>;
  let restore: () => void;
  let count = 0;

  before(async () => {
    const temporary = await temporaryFolder();
    folder = temporary.path;
    remove = () => temporary.remove();
    // The reader's own temporary folders go here, so that one left behind is seen.
    restore = setEnvironment({ TMPDIR: folder });
  });
  after(async () => {
    restore();
    await remove();
  });

  async function file(content: string | Buffer): Promise<string> {
    count += 1;
    const path = join(folder, `it's a "bill" [${count}]*.csv`);
    await writeFile(path, content);
    return path;
  }
  const read = async (lines: FocusCells[]) => linesOf(await file(focusCsv(lines)));

  it("turns a line of a bill into a cost line", async () => {
    expect(await read([{}])).to.deep.equal([
      {
        provider: "aws",
        accountId: "111111111111",
        service: "Amazon Elastic Compute Cloud",
        resourceId: "arn:aws:ec2:eu-central-1:111111111111:instance/i-1",
        cost: "1.5",
        currency: "USD",
        date: "2024-09-18",
        billingPeriod: "2024-09",
        metadata: {
          line_count: 1,
          effective_cost: "1.25",
          accounts: { "111111111111": "1.5" },
          charge_categories: { Usage: "1.5" },
        },
      },
    ]);
  });

  it("adds up what has the same key, by account and category, and names the account only if it is one", async () => {
    const credit = { ChargeCategory: "Credit", BilledCost: "-2.6137", EffectiveCost: "" };
    const [line, ...others] = await read([
      {},
      { ...credit, SubAccountId: "222222222222" },
      { BilledCost: "6.4E-8", SubAccountId: "NULL" },
    ]);

    expect(others).to.deep.equal([]);
    expect(line).to.deep.include({ cost: "-1.113699936", accountId: null });
    expect(line?.metadata).to.deep.equal({
      line_count: 3,
      effective_cost: "2.5",
      accounts: { "111111111111": "1.5", "222222222222": "-2.6137" },
      charge_categories: { Usage: "1.500000064", Credit: "-2.6137" },
    });
  });

  const different: [string, FocusCells][] = [
    ["provider", { ProviderName: "Oracle" }],
    ["service", { ServiceName: "Amazon Simple Storage Service" }],
    ["resource", { ResourceId: "" }],
    ["day", { ChargePeriodStart: "2024-09-19T00:00:00Z" }],
    ["billing period", { BillingPeriodStart: "2024-10-01T00:00:00Z" }],
    ["currency", { BillingCurrency: "EUR" }],
  ];
  for (const [what, cells] of different) {
    it(`never adds up lines of another ${what}`, async () => {
      expect(await read([{}, cells, {}, cells])).to.have.length(2);
    });
  }

  it("adds up one day in UTC, however the file writes the time", async () => {
    const times = [
      "2024-09-18",
      "2024-09-18 00:00:00",
      "2024-09-18T23:59:59.999Z",
      "2024-09-19T01:30:00+02:00",
      "2024-09-17T22:00-0300",
      "2024-09-18T12:00Z",
    ];
    const lines = await read(times.map((ChargePeriodStart) => ({ ChargePeriodStart })));

    expect(lines.map(({ date, cost }) => [date, cost])).to.deep.equal([["2024-09-18", "9"]]);
  });

  it("keeps 28 decimals beside large amounts", async () => {
    const lines = await read([
      { BilledCost: "0.0000000000000000000000000001" },
      { BilledCost: "12345678901234567890" },
    ]);

    expect(lines[0]?.cost).to.equal("12345678901234567890.0000000000000000000000000001");
  });

  const names = {
    AWS: "aws",
    Microsoft: "azure",
    "Google Cloud": "gcp",
    Oracle: "oracle",
    "Alibaba  Cloud (Intl.)": "alibaba-cloud-intl",
  };
  for (const [ProviderName, provider] of Object.entries(names)) {
    it(`calls ${ProviderName} ${provider}`, async () => {
      expect((await read([{ ProviderName }]))[0]?.provider).to.equal(provider);
    });
  }

  it("spells the ids of Azure resources as the inventory does, in lower case", async () => {
    const ResourceId = "/subscriptions/S/resourceGroups/RG/providers/Microsoft.Compute/disks/D";
    const [azure] = await read([{ ProviderName: "Microsoft", ResourceId }]);
    const [aws] = await read([{ ResourceId }]);

    expect(azure?.resourceId).to.equal(ResourceId.toLowerCase());
    expect(aws?.resourceId).to.equal(ResourceId);
  });

  it("takes empty, NULL and null cells for nothing", async () => {
    for (const blank of ["", "NULL", "null"]) {
      const cells = {
        ResourceId: blank,
        ServiceName: blank,
        SubAccountId: blank,
        ChargeCategory: blank,
      };
      const [line] = await read([{ ...cells, EffectiveCost: blank }]);

      expect(line).to.include({ resourceId: null, service: null, accountId: null });
      expect(line?.metadata).to.deep.equal({
        line_count: 1,
        effective_cost: null,
        accounts: {},
        charge_categories: {},
      });
    }
  });

  it("reads the columns by name, in any order and case, and ignores unknown ones", async () => {
    const header = ["x_Own", ...Object.keys(ordinaryLine).toReversed()];
    const csv = focusCsv([{ x_Own: "?" }], { header });
    const shouting = csv.replace("BilledCost", "BILLEDCOST");

    expect(await linesOf(await file(csv))).to.deep.equal(await read([{}]));
    expect(await linesOf(await file(shouting))).to.deep.equal(await read([{}]));
  });

  it("reads without the optional columns, and the provider by its newer name", async () => {
    const header = [
      "ServiceProviderName",
      "ServiceName",
      "BilledCost",
      "BillingCurrency",
      "ChargePeriodStart",
      "BillingPeriodStart",
    ];
    const csv = focusCsv([{ ServiceProviderName: "Google Cloud" }], { header });

    const [line] = await linesOf(await file(csv));

    expect(line).to.include({ provider: "gcp", resourceId: null, accountId: null, cost: "1.5" });
  });

  it("survives a byte order mark, CRLF, quoted line breaks and a quoted header", async () => {
    const lines = [{ Tags: 'a\r\n"b"\nc,d' }, { ServiceName: "S\n3" }];
    const header = [
      "Tags",
      'Own, "quoted" name',
      ...Object.keys(ordinaryLine).filter((name) => name !== "Tags"),
    ];
    const csv = `\uFEFF${focusCsv(lines, { header, lineEnd: "\r\n" })}`;

    const found = await linesOf(await file(csv));

    expect(found.map(({ service }) => service)).to.have.members([
      "Amazon Elastic Compute Cloud",
      "S\n3",
    ]);
    expect(sumOf(found)).to.equal("3");
  });

  it("reads gzip and parquet as it reads CSV, by content and not by name", async () => {
    const lines = generatedLines(500);
    const csv = focusCsv(lines);
    const parquet = join(folder, "typed.csv");
    const types = {
      BilledCost: "DECIMAL(38, 20)",
      EffectiveCost: "DOUBLE",
      ChargePeriodStart: "TIMESTAMP",
      BillingPeriodStart: "TIMESTAMPTZ",
    };
    await writeFocusParquet(parquet, lines, types);

    const fromCsv = await linesOf(await file(csv));
    const members = Buffer.concat([gzipSync(csv.slice(0, 9_000)), gzipSync(csv.slice(9_000))]);

    expect(fromCsv.length).to.be.greaterThan(300);
    expect(await linesOf(await file(members))).to.deep.equal(fromCsv);
    expect(await linesOf(parquet)).to.deep.equal(fromCsv);
  });

  it("loses nothing of many lines and hands them over in batches", async () => {
    const lines: FocusCells[] = generatedLines(12_000, 7).map((line, index) => ({
      ...line,
      ResourceId: `r-${index % 4_000}`,
    }));
    const expected = lines.map(({ BilledCost = "" }) => ({ cost: BilledCost }));
    const sizes: number[] = [];
    const keys = new Set<string>();
    const found: CostLine[] = [];
    for await (const batch of readFocus(await file(focusCsv(lines)), signal)) {
      sizes.push(batch.length);
      for (const line of batch) {
        const { provider, service, resourceId, date, billingPeriod, currency } = line;
        keys.add(JSON.stringify([provider, service, resourceId, date, billingPeriod, currency]));
      }
      found.push(...batch);
    }

    expect(sumOf(found)).to.equal(sumOf(expected));
    expect(keys.size).to.equal(found.length);
    expect(sizes.length).to.be.greaterThan(2);
    expect(Math.max(...sizes)).to.be.lessThan(4_000);
  });

  it("yields nothing for a file that has a header only", async () => {
    expect(await linesOf(await file(focusCsv([])))).to.deep.equal([]);
    expect(await linesOf(await file(focusCsv([]).trimEnd()))).to.deep.equal([]);
  });

  it("stops with the reason when it is aborted, and cleans up", async () => {
    const path = await file(focusCsv(generatedLines(6_000)));
    const controller = new AbortController();
    const reason = new Error("shutting down");
    const readSome = async () => {
      for await (const batch of readFocus(path, controller.signal)) {
        if (batch.length > 0) controller.abort(reason);
      }
    };

    expect(await failureOf(readSome())).to.equal(reason);
    expect(await failureOf(readSome())).to.equal(reason);
    const left = (await readdir(folder)).filter((name) => name.startsWith("multicloud-focus-"));
    expect(left).to.deep.equal([]);
  });
});
