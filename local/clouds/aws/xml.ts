import { XMLBuilder } from "fast-xml-parser";

const builder = new XMLBuilder({ ignoreAttributes: false, suppressEmptyNode: true });

/** A document from nested objects; keys that begin with `@_` are attributes. */
export function toXml(document: Record<string, unknown>): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${builder.build(document)}`;
}

/** Shape numbers of the schemas that the SDK packages export (`DescribeVolumesResult$` and the like). */
const listShape = 1;
const structureShape = 3;

/**
 * A value of the SDK's shape as the wire names it, after the schema of the same SDK: `Tags: [{Key}]` becomes
 * `tagSet: {item: [{key}]}`. Fields that the schema does not know are left out.
 */
export function toWire(schema: unknown, value: unknown): unknown {
  const { shape } = unwrap(schema);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return listToWire(shape, value);
  if (typeof value === "object" && value !== null) return structureToWire(shape, value);
  return value;
}

function listToWire(shape: unknown, values: unknown[]): unknown {
  if (!Array.isArray(shape) || shape[0] !== listShape) return undefined;
  const member = unwrap(shape[4]);
  return { [member.xmlName ?? "member"]: values.map((value) => toWire(member.shape, value)) };
}

function structureToWire(shape: unknown, value: object): unknown {
  if (!Array.isArray(shape) || shape[0] !== structureShape) return undefined;
  const names: unknown[] = shape[4];
  const members: unknown[] = shape[5];
  const given = new Map(Object.entries(value));
  const fields = names.flatMap((name, index) => {
    const field = given.get(String(name));
    const { shape: member, xmlName } = unwrap(members[index]);
    return field === undefined || field === null
      ? []
      : [[xmlName ?? String(name), toWire(member, field)] as const];
  });
  return Object.fromEntries(fields);
}

/** A reference is a shape, a function that returns one, or a pair of either with its traits. */
function unwrap(reference: unknown): { shape: unknown; xmlName: string | undefined } {
  const isPair = Array.isArray(reference) && reference.length === 2;
  const target: unknown = isPair ? reference[0] : reference;
  const traits: unknown = isPair ? reference[1] : undefined;
  const shape: unknown = typeof target === "function" ? target() : target;
  return { shape, xmlName: xmlNameIn(traits) };
}

function xmlNameIn(traits: unknown): string | undefined {
  if (typeof traits !== "object" || traits === null || !("xmlName" in traits)) return undefined;
  return typeof traits.xmlName === "string" ? traits.xmlName : undefined;
}
