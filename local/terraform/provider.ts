import { appliedState, plannedState, replacedAttributes } from "./change.ts";
import type { FakeCloud } from "./cloud.ts";
import type { Faults } from "./faults.ts";
import {
  type AssignFacts,
  type ProviderSchema,
  type ResourceSchema,
  wireSchema,
} from "./schema.ts";
import {
  type DynamicValue,
  decodeObject,
  encodeObject,
  type Fields,
  type ObjectValue,
  parseObject,
  text,
} from "./value.ts";

interface Diagnostic {
  severity: "ERROR";
  summary: string;
  detail: string;
}

interface ChangeRequest {
  type_name: string;
  prior_state: DynamicValue | null;
  planned_state: DynamicValue | null;
}

/**
 * One simulated provider: answers the calls of the plugin protocol about the types of its schema. Every method gets
 * the request and the client's connection, which belongs to one terraform process.
 */
export class FakeProvider {
  readonly #schema: ProviderSchema;
  readonly #cloud: FakeCloud;
  readonly #faults: Faults;
  readonly #configurations = new Map<string, Fields>();

  constructor(schema: ProviderSchema, cloud: FakeCloud, faults: Faults) {
    this.#schema = schema;
    this.#cloud = cloud;
    this.#faults = faults;
  }

  getSchema(): object {
    return {
      provider: wireSchema(this.#schema.configuration),
      resource_schemas: wireSchemas(this.#schema.resources),
      data_source_schemas: wireSchemas(this.#schema.dataSources),
    };
  }

  async configure(request: { config: DynamicValue }, client: string): Promise<object> {
    const error = await this.#faults.strike(this.#schema.source, "configure", client);
    if (error) return { diagnostics: [diagnostic(error)] };
    this.#configurations.set(client, decodeObject(request.config) ?? {});
    return {};
  }

  upgrade(request: { raw_state: { json: Uint8Array } }): object {
    return { upgraded_state: encodeObject(parseObject(request.raw_state.json)) };
  }

  plan(request: {
    type_name: string;
    prior_state: DynamicValue;
    proposed_new_state: DynamicValue;
  }): object {
    const schema = this.#resource(request.type_name);
    const prior = decodeObject(request.prior_state);
    const planned = plannedState(schema, prior, decodeObject(request.proposed_new_state));
    const paths = replacedAttributes(schema, prior, planned);
    return {
      planned_state: encodeObject(planned),
      requires_replace: paths.map((name) => ({ steps: [{ attribute_name: name }] })),
    };
  }

  async read(
    request: { type_name: string; current_state: DynamicValue },
    client: string,
  ): Promise<object> {
    const current = decodeObject(request.current_state);
    const error = await this.#faults.strike(request.type_name, "read", client);
    if (error) return { new_state: request.current_state, diagnostics: [diagnostic(error)] };
    const found = this.#cloud.find(request.type_name, text(current?.["id"]));
    return { new_state: encodeObject(found?.attributes ?? null) };
  }

  async apply(request: ChangeRequest, client: string): Promise<object> {
    const prior = decodeObject(request.prior_state);
    const planned = decodeObject(request.planned_state);
    const action = prior === null ? "create" : planned === null ? "delete" : "update";
    const error = await this.#faults.strike(request.type_name, action, client);
    if (error) return { new_state: encodeObject(prior), diagnostics: [diagnostic(error)] };
    if (planned === null) {
      this.#cloud.remove(request.type_name, text(prior?.["id"]));
      return { new_state: encodeObject(null) };
    }
    return this.#store(request.type_name, prior, planned, client);
  }

  readData(request: { type_name: string; config: DynamicValue }): object {
    const schema = this.#schema.dataSources[request.type_name];
    if (!schema) throw new Error(`unknown data source ${request.type_name}`);
    const planned = plannedState(schema, null, decodeObject(request.config)) ?? {};
    return { state: encodeObject(appliedState(schema, planned, this.#facts(0, ""))) };
  }

  importState(request: { type_name: string; id: string }): object {
    const found = this.#cloud.find(request.type_name, request.id);
    if (!found)
      return {
        diagnostics: [diagnostic({ summary: `${request.type_name} ${request.id} not found` })],
      };
    return {
      imported_resources: [{ type_name: request.type_name, state: encodeObject(found.attributes) }],
    };
  }

  stop(client: string): object {
    this.#faults.stop(client);
    return {};
  }

  #store(type: string, prior: ObjectValue, planned: Fields, client: string): object {
    const schema = this.#resource(type);
    const attributes = appliedState(schema, planned, this.#facts(this.#cloud.nextNumber(), client));
    const id = text(attributes["id"]);
    const existing = this.#cloud.find(type, id);
    if (!prior && existing && !schema.isSetting) {
      const detail = `${type} ${id} exists at the provider but not in the state`;
      return {
        new_state: encodeObject(null),
        diagnostics: [diagnostic({ summary: "already exists", detail })],
      };
    }
    const configuration = this.#configurations.get(client) ?? {};
    const createdAt = existing?.createdAt ?? new Date();
    this.#cloud.put({ type, id, attributes, createdAt, configuration });
    return { new_state: encodeObject(attributes) };
  }

  #facts(number: number, client: string): AssignFacts {
    const region = this.#configurations.get(client)?.["region"];
    return {
      number,
      unique: number.toString(16).padStart(17, "0"),
      region: typeof region === "string" ? region : "",
    };
  }

  #resource(type: string): ResourceSchema {
    const schema = this.#schema.resources[type];
    if (!schema) throw new Error(`unknown resource type ${type}`);
    return schema;
  }
}

function diagnostic({ summary, detail = "" }: { summary: string; detail?: string }): Diagnostic {
  return { severity: "ERROR", summary, detail };
}

function wireSchemas(schemas: Record<string, ResourceSchema>): object {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, wireSchema(schema)]),
  );
}
