import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { type FocusFileCode, FocusFileError } from "../../../providers/focus/errors.ts";
import { focusFacts } from "../../../providers/focus/facts.ts";
import { readFocus } from "../../../providers/focus/read.ts";
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

async function drain(path: string): Promise<void> {
  const batches = readFocus(path, signal)[Symbol.asyncIterator]();
  while ((await batches.next()).done !== true);
}

describe("focusFacts", () => {
  let folder: string;
  let remove: () => Promise<void>;

  before(async () => {
    const temporary = await temporaryFolder();
    folder = temporary.path;
    remove = () => temporary.remove();
  });
  after(() => remove());

  async function file(content: string | Buffer): Promise<string> {
    const path = join(folder, "bill");
    await writeFile(path, content);
    return path;
  }
  /** The error that both ways of reading give. */
  async function refusal(content: string | Buffer): Promise<FocusFileError> {
    const path = await file(content);
    const error = await failureOf(focusFacts(path, signal), FocusFileError);
    const sameError = await failureOf(drain(path), FocusFileError);
    expect(sameError.code).to.equal(error.code);
    return error;
  }
  const refusalOf = (lines: FocusCells[]) => refusal(focusCsv(lines));

  it("states version, rows, exact sums per currency, periods and days", async () => {
    const csv = focusCsv([
      { BilledCost: "0.1" },
      { BilledCost: "2E-28", ChargePeriodStart: "2024-09-30T22:00:00Z" },
      { BilledCost: "-3", BillingCurrency: "EUR", BillingPeriodStart: "2024-08-01" },
    ]);

    expect(await focusFacts(await file(csv), signal)).to.deep.equal({
      version: createHash("sha256").update(csv).digest("hex"),
      rows: 3,
      totals: { USD: "0.1000000000000000000000000002", EUR: "-3" },
      periods: ["2024-08", "2024-09"],
      days: { first: "2024-09-18", last: "2024-09-30" },
    });
  });

  it("states nothing but the version of a file that has a header only", async () => {
    const facts = await focusFacts(await file(focusCsv([])), signal);

    expect(facts).to.deep.include({ rows: 0, totals: {}, periods: [], days: null });
  });

  for (const column of [
    "ProviderName",
    "ServiceName",
    "BilledCost",
    "BillingCurrency",
    "ChargePeriodStart",
    "BillingPeriodStart",
  ]) {
    it(`names the missing column ${column}`, async () => {
      const header = Object.keys(ordinaryLine).filter((name) => name !== column);
      const error = await refusal(focusCsv([{}], { header }));

      expect(error).to.include({ code: "MISSING_COLUMN", column, fault: "tenant" });
      expect(error.message).to.include(column);
    });
  }

  const badCells: FocusCells[] = [
    { BilledCost: "1,5" },
    { BilledCost: "" },
    { BilledCost: "$1" },
    { BilledCost: "1e999999999" },
    { EffectiveCost: "n/a" },
    { ChargePeriodStart: "09/18/2024" },
    { ChargePeriodStart: "2024-09-31T00:00:00Z" },
    { ChargePeriodStart: "NULL" },
    { BillingPeriodStart: "2024-09" },
    { BillingCurrency: "" },
    { ProviderName: "NULL" },
    { ProviderName: "P".repeat(51) },
    { BillingCurrency: "VIRTUALCREDITS" },
    { ServiceName: "cut\0off" },
  ];
  for (const cells of badCells) {
    const [[column, cell] = []] = Object.entries(cells);
    it(`names row and column of ${column} ${JSON.stringify(cell)}`, async () => {
      const error = await refusalOf([{ Tags: "two\nlines" }, {}, cells, {}]);

      expect(error).to.include({ code: "BAD_VALUE", column, row: 3 });
      expect(error.message).to.match(new RegExp(`^row 3, column ${column}: expected `));
    });
  }

  const csv = focusCsv(generatedLines(3_000));
  const gzip = gzipSync(csv);
  const endOfLine = csv.indexOf("\n", 20_000) + 1;
  const unreadable: [string, FocusFileCode, string | Buffer][] = [
    ["an empty file", "EMPTY", ""],
    ["a row with a cell too few", "UNREADABLE", `${focusCsv([{}])}1,2,3\n`],
    ["a row with a cell too many", "UNREADABLE", `${focusCsv([{}]).trimEnd()},x\n`],
    ["a quote that never ends", "UNREADABLE", focusCsv([{}]).replace("Usage", '"Usage')],
    [
      "text that is no UTF-8",
      "UNREADABLE",
      Buffer.from(focusCsv([{ ServiceName: "caf\xe9" }]), "latin1"),
    ],
    ["gzip cut in the middle", "UNREADABLE", gzip.subarray(0, gzip.length / 2)],
    ["gzip without its checksum", "UNREADABLE", gzip.subarray(0, -8)],
    [
      "gzip with a wrong checksum",
      "UNREADABLE",
      Buffer.concat([gzip.subarray(0, -8), Buffer.alloc(8)]),
    ],
    [
      "gzip of half a file whose cut falls on the end of a line",
      "UNREADABLE",
      gzipSync(csv.slice(0, endOfLine)).subarray(0, -8),
    ],
    ["parquet by its first bytes only", "UNREADABLE", "PAR1 and then nothing"],
    ["a picture", "MISSING_COLUMN", Buffer.from("\x89PNG\r\n\x1a\n", "latin1")],
  ];
  for (const [what, code, content] of unreadable) {
    it(`refuses ${what}`, async () => {
      expect((await refusal(content)).code).to.equal(code);
    });
  }

  const explained: [string, RegExp, string | Buffer][] = [
    ["a cell too few", /Line: 3: .*Columns: 11 Found: 3/, `${focusCsv([{}])}1,2,3\n`],
    [
      "text that is not UTF-8",
      /Line: 2: .*utf-8/,
      Buffer.from(focusCsv([{ ServiceName: "é" }]), "latin1"),
    ],
    ["UTF-16", /UTF-16.* UTF-8/, Buffer.from(`\ufeff${focusCsv([{}])}`, "utf16le")],
    ["semicolons", /separated by commas/, focusCsv([{}]).replaceAll(",", ";")],
    ["tabs", /separated by commas/, focusCsv([{}]).replaceAll(",", "\t")],
    ["a zip archive", /zip archive/, Buffer.from("PK\x03\x04 and more", "latin1")],
  ];
  for (const [what, text, content] of explained) {
    it(`says what to mend about ${what}`, async () => {
      const error = await refusal(content);

      expect(error.code).to.equal("UNREADABLE");
      expect(error.message).to.match(text);
    });
  }

  it("refuses parquet that is cut anywhere", async () => {
    const path = join(folder, "bill.parquet");
    await writeFocusParquet(path, generatedLines(200));
    const whole = await readFile(path);
    for (const length of [5, whole.length / 2, whole.length - 1]) {
      expect((await refusal(whole.subarray(0, length))).code).to.equal("UNREADABLE");
    }
  });

  it("repeats no line of the bill and no folder of ours in a message", async () => {
    const secret = "internal-project-name";
    const short = `${focusCsv([{}])}${secret},2\n`;
    for (const content of [short, focusCsv([{ BilledCost: secret }]), gzip.subarray(0, 50)]) {
      const { message } = await refusal(content);

      expect(message).to.not.include(secret);
      expect(message).to.not.include(folder);
    }
  });

  it("stops with the reason when it is aborted", async () => {
    const reason = new Error("shutting down");
    const path = await file(csv);

    expect(await failureOf(focusFacts(path, AbortSignal.abort(reason)))).to.equal(reason);
  });
});
