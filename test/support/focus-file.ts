import { writeFile } from "node:fs/promises";
import { DuckDBInstance } from "@duckdb/node-api";

/** A line of a FOCUS file by column name; what is absent is an empty cell. */
export type FocusCells = Record<string, string>;

/** The cells of an ordinary line; tests change what they are about. */
export const ordinaryLine: FocusCells = {
  BilledCost: "1.5",
  BillingCurrency: "USD",
  BillingPeriodStart: "2024-09-01T00:00:00Z",
  ChargeCategory: "Usage",
  ChargePeriodStart: "2024-09-18T22:00:00Z",
  EffectiveCost: "1.25",
  ProviderName: "AWS",
  ResourceId: "arn:aws:ec2:eu-central-1:111111111111:instance/i-1",
  ServiceName: "Amazon Elastic Compute Cloud",
  SubAccountId: "111111111111",
  Tags: '{"team":"a,b"}',
};

const columns = Object.keys(ordinaryLine);

/** A FOCUS file in CSV with the given differences from ordinary lines. */
export function focusCsv(
  lines: FocusCells[],
  { header = columns, lineEnd = "\n" }: { header?: string[]; lineEnd?: string } = {},
): string {
  const rows = lines.map((line) => header.map((name) => quote({ ...ordinaryLine, ...line }[name])));
  return [header.map(quote), ...rows].map((cells) => cells.join(",") + lineEnd).join("");
}

/** The same lines as a parquet file; `types` overrides the SQL type of columns, `VARCHAR` otherwise. */
export async function writeFocusParquet(
  path: string,
  lines: FocusCells[],
  types: Record<string, string> = {},
): Promise<void> {
  await writeFile(`${path}.csv`, focusCsv(lines));
  const selected = columns.map(
    (name) => `CAST("${name}" AS ${types[name] ?? "VARCHAR"}) AS "${name}"`,
  );
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(
    `COPY (SELECT ${selected.join(", ")} FROM read_csv('${path}.csv', all_varchar = true)) TO '${path}' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
}

/**
 * Lines of the shape a real bill has, the same for the same seed: three providers, amounts of up to 11 decimals, some
 * in E-notation, credits, lines without a resource, and usage of the last hours that the next period bills.
 */
export function generatedLines(count: number, seed = 1): FocusCells[] {
  let state = seed;
  const next = (limit: number) => {
    // A linear congruential generator (Numerical Recipes): any fixed sequence will do.
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const providers = ["AWS", "Microsoft", "Oracle"];
  return Array.from({ length: count }, () => {
    const units = String(next(1_000_000_000));
    const isLate = next(100) === 0;
    return {
      BilledCost: next(3) === 0 ? `${units}e-11` : `${next(20) === 0 ? "-" : ""}0.0${units}`,
      BillingPeriodStart: isLate ? "2024-10-01 00:00:00" : "2024-09-01 00:00:00",
      ChargePeriodStart: `2024-09-${isLate ? "30" : String(1 + next(30)).padStart(2, "0")} 22:00:00`,
      ProviderName: providers[next(3)] ?? "AWS",
      ResourceId: next(10) === 0 ? "NULL" : `resource-${next(50)}`,
      ServiceName: `Service ${next(5)}`,
      SubAccountId: String(100 + next(3)),
    };
  });
}

function quote(cell = ""): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
