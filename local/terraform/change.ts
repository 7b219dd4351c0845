import { isDeepStrictEqual } from "node:util";
import {
  type AssignFacts,
  type Attribute,
  attributesOf,
  type BlockSchema,
  type ResourceSchema,
} from "./schema.ts";
import { type Fields, isRecord, type ObjectValue, unknown, type Value } from "./value.ts";

/**
 * The state that a change would lead to: as terraform proposes it, with what the cloud will assign marked unknown.
 * Terraform has carried computed values over from the prior state already.
 */
export function plannedState(
  schema: BlockSchema,
  prior: ObjectValue,
  proposed: ObjectValue,
): ObjectValue {
  return proposed && markUnknown(schema, prior, proposed);
}

/** Names of the attributes whose change makes another resource necessary. */
export function replacedAttributes(
  schema: BlockSchema,
  prior: ObjectValue,
  planned: ObjectValue,
): string[] {
  if (!prior || !planned) return [];
  const replacing = attributesOf(schema).filter((attribute) => attribute.replace);
  const changed = replacing.filter(({ name }) => !isDeepStrictEqual(prior[name], planned[name]));
  return changed.map(({ name }) => name);
}

/** The state of a new or changed resource: everything unknown now has the value that the cloud assigned. */
export function appliedState(schema: ResourceSchema, planned: Fields, facts: AssignFacts): Fields {
  const assigned = schema.assign(planned, facts);
  const state: Fields = { ...planned };
  for (const [name, value] of Object.entries(assigned)) {
    if (state[name] === unknown || state[name] === null) state[name] = value;
  }
  return fillUnknown(schema, state, facts);
}

function markUnknown(schema: BlockSchema, prior: ObjectValue, proposed: Fields): Fields {
  const planned: Fields = { ...proposed };
  for (const { name, computed } of attributesOf(schema)) {
    if (computed && !prior && proposed[name] === null) planned[name] = unknown;
  }
  return mapBlocks(schema, planned, (block, value, name, index) => {
    const before = prior?.[name];
    const priorBlock = Array.isArray(before) ? before[index] : undefined;
    return markUnknown(block, isRecord(priorBlock) ? priorBlock : null, value);
  });
}

function fillUnknown(schema: BlockSchema, state: Fields, facts: AssignFacts): Fields {
  const filled: Fields = { ...state };
  for (const attribute of attributesOf(schema)) {
    if (filled[attribute.name] === unknown) filled[attribute.name] = filler(attribute, facts);
  }
  return mapBlocks(schema, filled, (block, value) => fillUnknown(block, value, facts));
}

/** Addresses of the kind that a name promises; otherwise something of the right type. */
function filler({ name, type }: Attribute, { number }: AssignFacts): Value {
  const host = number % 256;
  if (/^(public_ip|nat_ip|ip_address)$/.test(name)) return `203.0.113.${host}`;
  if (/_ip(_address)?$/.test(name)) return `10.0.${Math.floor(number / 256) % 256}.${host}`;
  if (type === "string") return `${name}-${number}`;
  if (type === "number") return number;
  if (type === "bool") return false;
  return type[0] === "map" ? {} : [];
}

function mapBlocks(
  schema: BlockSchema,
  fields: Fields,
  change: (block: BlockSchema, value: Fields, name: string, index: number) => Fields,
): Fields {
  const changed: Fields = { ...fields };
  for (const [name, block] of Object.entries(schema.blocks ?? {})) {
    const values = fields[name];
    if (!Array.isArray(values)) continue;
    changed[name] = values.map((value, index) =>
      isRecord(value) ? change(block, value, name, index) : value,
    );
  }
  return changed;
}
