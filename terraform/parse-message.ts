import { stripVTControlCharacters } from "node:util";
import { z } from "zod";

const resourceSchema = z
  .object({ addr: z.string(), resource_type: z.string() })
  .transform(({ addr, resource_type }) => ({ address: addr, type: resource_type }));

const actionSchema = z.string();

const hookSchema = z
  .object({
    resource: resourceSchema,
    action: actionSchema.default("read"),
    id_value: z.string().optional(),
    elapsed_seconds: z.number().default(0),
  })
  .transform(({ resource, action, id_value, elapsed_seconds }) => ({
    ...resource,
    action,
    id: id_value ?? null,
    elapsedSeconds: elapsed_seconds,
  }));

/** An operation on one resource as its messages describe it. */
export type Operation = z.infer<typeof hookSchema>;

const diagnosticSchema = z.object({
  severity: z.enum(["error", "warning"]),
  summary: z.string(),
  detail: z.string().default(""),
  /** Resource it is about, if it is about one. */
  address: z.string().optional(),
  /** Place in the HCL. */
  range: z
    .object({ filename: z.string(), start: z.object({ line: z.number(), column: z.number() }) })
    .optional(),
});

/** An error or warning that terraform reported. */
export type Diagnostic = z.infer<typeof diagnosticSchema>;

const changesSchema = z
  .object({
    add: z.number(),
    change: z.number(),
    remove: z.number(),
    import: z.number().default(0),
    operation: z.string(),
  })
  .transform(({ operation, ...counts }) => ({ operation, counts }));

/** How many resources a plan or an apply adds, changes, removes and imports. */
export type ChangeCounts = z.infer<typeof changesSchema>["counts"];

const plannedSchema = z.object({ resource: resourceSchema, action: actionSchema });

const messageSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("planned_change"), change: plannedSchema }),
  z.object({ type: z.literal("resource_drift"), change: plannedSchema }),
  z.object({ type: z.literal("change_summary"), changes: changesSchema }),
  z.object({ type: z.literal("diagnostic"), diagnostic: diagnosticSchema }),
  z.object({ type: z.literal("apply_start"), hook: hookSchema }),
  z.object({ type: z.literal("apply_progress"), hook: hookSchema }),
  z.object({ type: z.literal("apply_complete"), hook: hookSchema }),
  z.object({ type: z.literal("apply_errored"), hook: hookSchema }),
]);

/** A message that we act on, or any other line as text for people to read. */
export type Message = z.infer<typeof messageSchema> | { type: "text"; text: string };

/**
 * Reads one line of a `-json` log. Every line gives a message: terraform prints plain text too (trouble with
 * its own configuration, `init` about the backend), and newer versions may add types that we do not know.
 * `redact` sees the decoded value before anything else does.
 */
export function parseMessage(line: string, redact: (value: unknown) => unknown): Message {
  const value = redact(parseJson(line));
  const known = messageSchema.safeParse(value);
  if (known.success) return known.data;
  return { type: "text", text: plainText(value) };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}

const textSchema = z.object({ "@message": z.string() });

function plainText(value: unknown): string {
  const parsed = textSchema.safeParse(value);
  if (parsed.success) return parsed.data["@message"];
  // `init -json` still colours some of its plain lines.
  return typeof value === "string" ? stripVTControlCharacters(value) : JSON.stringify(value);
}
