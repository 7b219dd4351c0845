import type { Fields } from "./value.ts";

/**
 * An attribute in words: its type (`string`, `number`, `bool`, `list`, `set` or `map`, the last three of strings), then any
 * of `required`, `optional`, `computed`, `sensitive`, and `replace` if a change means another resource.
 */
export type AttributeWords = string;

export interface BlockSchema {
  attributes: Record<string, AttributeWords>;
  blocks?: Record<string, NestedBlockSchema>;
}

export interface NestedBlockSchema extends BlockSchema {
  nesting: "list" | "set";
  min?: number;
  max?: number;
}

export interface ResourceSchema extends BlockSchema {
  /** Values that the cloud gives to a new resource, `id` always; computed values that are missing here get a filler. */
  assign: (wanted: Fields, facts: AssignFacts) => Fields;
  /** Settings of another resource: creating them where they exist is no conflict. */
  isSetting?: boolean;
}

export interface AssignFacts {
  /** Hexadecimal, 17 digits, never given twice. */
  unique: string;
  /** Counts up from 1. */
  number: number;
  region: string;
}

export interface ProviderSchema {
  /** Source address without the registry's host. */
  source: string;
  configuration: BlockSchema;
  resources: Record<string, ResourceSchema>;
  dataSources: Record<string, ResourceSchema>;
}

export interface Attribute {
  name: string;
  /** Terraform's JSON notation of a type. */
  type: string | [string, string];
  required: boolean;
  optional: boolean;
  computed: boolean;
  sensitive: boolean;
  replace: boolean;
}

const types: Record<string, Attribute["type"]> = {
  string: "string",
  number: "number",
  bool: "bool",
  list: ["list", "string"],
  set: ["set", "string"],
  map: ["map", "string"],
};
const flags = ["required", "optional", "computed", "sensitive", "replace"];

/** The attributes of a block. Throws on a word that has no meaning. */
export function attributesOf(block: BlockSchema): Attribute[] {
  return Object.entries(block.attributes).map(([name, words]) => {
    const [typeName = "", ...rest] = words.split(" ");
    const type = types[typeName];
    const wrong = rest.find((word) => !flags.includes(word));
    if (!type || wrong) throw new Error(`attribute ${name}: cannot read "${words}"`);
    const has = (flag: string) => rest.includes(flag);
    return {
      name,
      type,
      required: has("required"),
      optional: has("optional"),
      computed: has("computed"),
      sensitive: has("sensitive"),
      replace: has("replace"),
    };
  });
}

/** A schema as the protocol wants it. */
export function wireSchema(schema: BlockSchema): object {
  return { version: 0, block: wireBlock(schema) };
}

function wireBlock(block: BlockSchema): object {
  return {
    attributes: attributesOf(block).map((attribute) => ({
      ...attribute,
      type: Buffer.from(JSON.stringify(attribute.type)),
    })),
    block_types: Object.entries(block.blocks ?? {}).map(([name, nested]) => ({
      type_name: name,
      nesting: nested.nesting.toUpperCase(),
      min_items: nested.min ?? 0,
      max_items: nested.max ?? 0,
      block: wireBlock(nested),
    })),
  };
}
