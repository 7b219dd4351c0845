import { z } from "zod";

const outputSchema = z.object({ value: z.unknown(), sensitive: z.boolean().default(false) });

const stateSchema = z.object({
  version: z.literal(4),
  serial: z.number(),
  lineage: z.string(),
  outputs: z.record(z.string(), outputSchema).default({}),
  resources: z
    .array(z.object({ mode: z.string(), instances: z.array(z.unknown()).default([]) }))
    .default([]),
});

/** Output values by name; sensitive ones are in clear and marked. */
export type Outputs = Record<string, z.infer<typeof outputSchema>>;

/** One version of a state: its exact bytes, which alone may be stored, and what we need to know of them. */
export interface StateSnapshot {
  /** As terraform wrote them. Parsing and printing again would lose integers above 2^53. */
  bytes: Uint8Array;
  /** Grows with every write of one lineage. */
  serial: number;
  /** Identity of the state; another lineage is another history. */
  lineage: string;
  /** Instances that terraform manages; 0 after a complete destroy. */
  managedInstances: number;
  outputs: Outputs;
}

/** Reads state bytes (format version 4). Null when they are torn, empty or no state. */
export function parseState(bytes: Uint8Array): StateSnapshot | null {
  const parsed = stateSchema.safeParse(parseJson(bytes));
  if (!parsed.success) return null;
  const { serial, lineage, outputs, resources } = parsed.data;
  const managed = resources.filter((resource) => resource.mode === "managed");
  const managedInstances = managed.reduce((sum, resource) => sum + resource.instances.length, 0);
  return { bytes, serial, lineage, managedInstances, outputs };
}

/** Whether both are the same version of the same history. */
export function isSameState(
  a: Pick<StateSnapshot, "serial" | "lineage"> | null,
  b: Pick<StateSnapshot, "serial" | "lineage"> | null,
): boolean {
  return a !== null && b !== null && a.serial === b.serial && a.lineage === b.lineage;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return null;
  }
}
