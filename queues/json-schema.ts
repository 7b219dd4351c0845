import { z } from "zod";
import type { QueueName } from "./contract.ts";
import { contracts } from "./contracts.ts";

/** The JSON Schema (draft 2020-12) of a queue's payload, for producers in any language. */
export function payloadJsonSchema(name: QueueName): Record<string, unknown> {
  const { description, payload } = contracts[name];
  return { ...z.toJSONSchema(payload, { io: "input" }), title: `${name} job`, description };
}
