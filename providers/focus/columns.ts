import { FocusFileError } from "./errors.ts";

/** What we read of a line. */
export type FocusField =
  | "provider"
  | "service"
  | "resource"
  | "account"
  | "category"
  | "cost"
  | "effectiveCost"
  | "currency"
  | "day"
  | "period";

interface Column {
  field: FocusField;
  /** The names it may have, the usual one first. */
  names: readonly [string, ...string[]];
  isMandatory: boolean;
}

/** The columns we read; their order in a file does not matter. FOCUS 1.3 renames the provider's. */
const columns: readonly Column[] = [
  { field: "provider", names: ["ProviderName", "ServiceProviderName"], isMandatory: true },
  { field: "service", names: ["ServiceName"], isMandatory: true },
  { field: "resource", names: ["ResourceId"], isMandatory: false },
  { field: "account", names: ["SubAccountId"], isMandatory: false },
  { field: "category", names: ["ChargeCategory"], isMandatory: false },
  { field: "cost", names: ["BilledCost"], isMandatory: true },
  { field: "effectiveCost", names: ["EffectiveCost"], isMandatory: false },
  { field: "currency", names: ["BillingCurrency"], isMandatory: true },
  { field: "day", names: ["ChargePeriodStart"], isMandatory: true },
  { field: "period", names: ["BillingPeriodStart"], isMandatory: true },
];

/** The FOCUS name of a field, for messages. */
export function columnName(field: FocusField): string {
  return columns.find((column) => column.field === field)?.names[0] ?? field;
}

/**
 * Finds the position of every field in a header; optional ones may be absent. Throws FocusFileError naming
 * all mandatory columns that are missing.
 */
export function locateColumns(header: readonly string[]): Partial<Record<FocusField, number>> {
  const names = header.map((name) => name.trim().toLowerCase());
  const positions: Partial<Record<FocusField, number>> = {};
  const missing: string[] = [];
  for (const { field, names: candidates, isMandatory } of columns) {
    const found = candidates
      .map((name) => names.indexOf(name.toLowerCase()))
      .find((position) => position >= 0);
    if (found !== undefined) positions[field] = found;
    else if (isMandatory) missing.push(candidates[0]);
  }
  const [first] = missing;
  if (first === undefined) return positions;
  const text = `the file lacks the mandatory FOCUS column ${missing.join(", ")}; export it again with all of them`;
  throw new FocusFileError("MISSING_COLUMN", text, { column: first });
}
