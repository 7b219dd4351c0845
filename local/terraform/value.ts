import { decode, ExtensionCodec, encode } from "@msgpack/msgpack";

/** Stands for a value that is known only after the apply. */
export const unknown = Object.freeze({ isUnknown: true });

/** A terraform value: sets are arrays, objects and maps are records; `unknown` is one of the records. */
export type Value = null | boolean | number | string | Value[] | { [name: string]: Value };
export type Fields = { [name: string]: Value };
/** A whole resource, data source or provider configuration; null when there is none. */
export type ObjectValue = Fields | null;

/** A value on the wire. */
export interface DynamicValue {
  msgpack: Uint8Array;
}

const unknownType = 0;
/** Unknown with bounds, such as "not null"; the bounds do not matter here. */
const refinedUnknownType = 12;

const extensions = new ExtensionCodec();
extensions.register({
  type: unknownType,
  encode: (value) => (value === unknown ? Uint8Array.of(0) : null),
  decode: () => unknown,
});
extensions.register({ type: refinedUnknownType, encode: () => null, decode: () => unknown });

/** Reads an object from the wire. Terraform sends nothing where there is no object. */
export function decodeObject(value: DynamicValue | null): ObjectValue {
  if (!value || value.msgpack.length === 0) return null;
  return asObject(decode(value.msgpack, { extensionCodec: extensions }));
}

/** An object as terraform takes it. */
export function encodeObject(value: ObjectValue): DynamicValue {
  return { msgpack: encode(value, { extensionCodec: extensions }) };
}

/** Reads an object from JSON, as it lies in a state. */
export function parseObject(json: Uint8Array): ObjectValue {
  return asObject(JSON.parse(Buffer.from(json).toString("utf8")));
}

/** Whether a value is an object and known. */
export function isRecord(value: Value | undefined): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) && value !== unknown;
}

/** A value that has to be a string, such as an id. */
export function text(value: Value | undefined): string {
  if (typeof value !== "string") throw new Error(`expected a string, got ${JSON.stringify(value)}`);
  return value;
}

function asObject(value: unknown): ObjectValue {
  if (!isObject(value)) throw new Error("expected an object on the wire");
  return value;
}

function isObject(value: unknown): value is ObjectValue {
  return typeof value === "object" && !Array.isArray(value);
}
