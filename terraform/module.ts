import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { isMissing } from "./missing-file.ts";

const variableTypes = ["string", "number", "bool", "list(string)", "map(string)"] as const;

const variablesFileSchema = z.object({
  variable: z.record(
    z.string(),
    z.object({
      type: z.enum(variableTypes),
      description: z.string(),
      default: z.unknown().optional(),
    }),
  ),
});

/** A variable of a module. */
export interface ModuleVariable {
  type: (typeof variableTypes)[number];
  description: string;
  /** Whether a value must be given. */
  required: boolean;
}

/** One of our modules: a kind of resource at a cloud. */
export interface Module {
  /** `aws`, `azure` or `gcp`. */
  provider: string;
  /** `vm`, `storage` or `network`. */
  type: string;
  directory: string;
  variables: Record<string, ModuleVariable>;
}

/** There is no module for this kind of resource at this cloud. */
export class UnknownModuleError extends Error {
  override readonly name = "UnknownModuleError";
  readonly fault = "tenant";

  constructor(provider: string, type: string) {
    super(`no module for ${type} at ${provider}`);
  }
}

/** A wanted value does not fit the module. `fields` names each offending variable. */
export class InvalidVariablesError extends Error {
  override readonly name = "InvalidVariablesError";
  readonly fault = "tenant";
  readonly fields: { name: string; message: string }[];

  constructor(fields: { name: string; message: string }[]) {
    super(fields.map(({ name, message }) => `${name}: ${message}`).join("; "));
    this.fields = fields;
  }
}

const here = fileURLToPath(new URL(".", import.meta.url));
/** Beside the sources; the compiled code in `dist/` finds them there too, for the compiler copies no HCL. */
const modulesDirectory =
  [join(here, "modules"), join(here, "../../terraform/modules")].find((path) => existsSync(path)) ??
  join(here, "modules");

/** All modules that are delivered with us, sorted by provider and type. */
export async function listModules(): Promise<Module[]> {
  const modules: Module[] = [];
  for (const provider of (await readdir(modulesDirectory)).toSorted()) {
    for (const type of (await readdir(join(modulesDirectory, provider))).toSorted()) {
      modules.push(await readModule(provider, type));
    }
  }
  return modules;
}

/** The module for a kind of resource at a cloud. Throws UnknownModuleError. */
export async function findModule(provider: string, type: string): Promise<Module> {
  const isName = /^[a-z]+$/;
  if (!isName.test(provider) || !isName.test(type)) throw new UnknownModuleError(provider, type);
  return readModule(provider, type).catch((error: unknown) => {
    throw isMissing(error) ? new UnknownModuleError(provider, type) : error;
  });
}

async function readModule(provider: string, type: string): Promise<Module> {
  const directory = join(modulesDirectory, provider, type);
  const text = await readFile(join(directory, "variables.tf.json"), "utf8");
  const { variable } = variablesFileSchema.parse(JSON.parse(text));
  const variables: Record<string, ModuleVariable> = {};
  for (const [name, spec] of Object.entries(variable)) {
    variables[name] = {
      type: spec.type,
      description: spec.description,
      required: !("default" in spec),
    };
  }
  return { provider, type, directory, variables };
}

const valueSchemas = {
  string: z.string(),
  number: z.number(),
  bool: z.boolean(),
  "list(string)": z.array(z.string()),
  "map(string)": z.record(z.string(), z.string()),
} satisfies Record<ModuleVariable["type"], z.ZodType>;

/**
 * Checks wanted values against a module's variables and returns them. Null means the default, as in terraform.
 * Throws InvalidVariablesError naming every unknown, missing or mistyped variable.
 */
export function checkVariables(
  module: Module,
  values: Record<string, unknown>,
): Record<string, unknown> {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, { type, required }] of Object.entries(module.variables)) {
    shape[name] = required ? valueSchemas[type] : valueSchemas[type].nullish();
  }
  const parsed = z.strictObject(shape).safeParse(values);
  if (!parsed.success) throw new InvalidVariablesError(parsed.error.issues.flatMap(fieldsOf));
  const given = Object.entries(parsed.data).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return Object.fromEntries(given);
}

function fieldsOf(issue: z.core.$ZodIssue): { name: string; message: string }[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((name) => ({ name, message: "the module has no such variable" }));
  }
  return [{ name: issue.path.map(String).join("."), message: issue.message }];
}
