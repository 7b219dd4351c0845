import { access, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SeededRandom } from "./clouds/random.ts";

/** A FOCUS file and the folder it is read from (`COST_FILES_DIR`). */
export interface CostFile {
  directory: string;
  name: string;
}

/** The real sample, where it lies beside the checkout; its licence is its own, so it is read in place. */
const sample = {
  directory: join(import.meta.dirname, "../../shared/data"),
  name: "focus-1.0-sample.csv",
};

/** The real FOCUS sample if it is here, otherwise a generated file of the same shape below `folder`. */
export async function costFile(folder: string): Promise<CostFile> {
  const isHere = await access(join(sample.directory, sample.name)).then(
    () => true,
    () => false,
  );
  return isHere ? sample : writeCostFile(folder, { seed: 1, lines: 1_000 });
}

/** Writes a FOCUS file of so many lines; the same seed gives the same file. */
export async function writeCostFile(
  folder: string,
  { seed, lines }: { seed: number; lines: number },
): Promise<CostFile> {
  const random = new SeededRandom(seed);
  const rows = Array.from({ length: lines }, () => newLine(random));
  await mkdir(folder, { recursive: true });
  const name = "focus.csv";
  await writeFile(join(folder, name), `${[columns.join(","), ...rows].join("\n")}\n`);
  return { directory: folder, name };
}

const columns = [
  "BilledCost",
  "BillingCurrency",
  "BillingPeriodStart",
  "ChargeCategory",
  "ChargePeriodStart",
  "EffectiveCost",
  "ProviderName",
  "ResourceId",
  "ServiceName",
  "SubAccountId",
];
const services = ["Virtual Machines", "Storage Accounts", "Virtual Network", "Key Vault"];

/** Amounts have up to eleven decimals; some are credits, and some lines belong to no resource. */
function newLine(random: SeededRandom): string {
  const digits = String(random.below(1e9)).padStart(11, "0");
  const cost = `${random.below(50) === 0 ? "-" : ""}0.${digits}`;
  const day = `2024-09-${String(1 + random.below(30)).padStart(2, "0")} 00:00:00`;
  const resource = random.below(10) === 0 ? "" : `resource-${random.below(200)}`;
  const category = cost.startsWith("-") ? "Credit" : "Usage";
  const period = "2024-09-01 00:00:00";
  const service = random.pick(services);
  return [cost, "USD", period, category, day, cost, "Microsoft", resource, service, "demo"].join(
    ",",
  );
}
