import type { JobContract } from "./contract.ts";
import { payloadVersion } from "./contract.ts";

export type InvalidPayloadCode = "INVALID_PAYLOAD" | "UNSUPPORTED_VERSION";

/** The producer sent something the contract does not allow. `path` is a JSON Pointer to the field. */
export class InvalidPayloadError extends Error {
  override readonly name = "InvalidPayloadError";
  readonly code: InvalidPayloadCode;
  readonly path: string;

  constructor(code: InvalidPayloadCode, path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.code = code;
    this.path = path;
  }
}

/** Checks data against the contract. Throws InvalidPayloadError that names the first wrong field. */
export function parsePayload<Payload>(contract: JobContract<Payload>, data: unknown): Payload {
  if (typeof data !== "object" || data === null || Array.isArray(data)) {
    throw new InvalidPayloadError("INVALID_PAYLOAD", "/", "expected a JSON object");
  }
  const version: unknown = Reflect.get(data, "v");
  if (typeof version === "number" && version !== payloadVersion) {
    const problem = `version ${version} is not supported, expected ${payloadVersion}`;
    throw new InvalidPayloadError("UNSUPPORTED_VERSION", "/v", problem);
  }
  const parsed = contract.payload.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = `/${(issue?.path ?? []).map(String).join("/")}`;
  throw new InvalidPayloadError("INVALID_PAYLOAD", path, issue?.message ?? "not allowed");
}
