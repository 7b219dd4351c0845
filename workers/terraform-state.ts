import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import type { EntityManager } from "typeorm";
import type { Secrets } from "../runtime/secrets/secret.ts";
import { findLatestState, type StateEnvelope } from "../tables/terraform-states.ts";
import { parseState, type StateSnapshot } from "../terraform/state.ts";

/** The place a state is sealed for: its resource, since the row has no id yet. */
export const statePlace = (resourceId: number) => ({
  table: "terraform_states",
  id: resourceId,
  column: "state_data",
});

/** A state as it is stored: sealed, since it holds secrets in clear, with the facts that may be read. */
export function sealState(
  secrets: Secrets,
  resourceId: number,
  facts: { runId: string; kind: StateEnvelope["kind"] },
  state: StateSnapshot,
): StateEnvelope {
  const compressed = gzipSync(state.bytes).toString("base64");
  return {
    v: 1,
    ...facts,
    serial: state.serial,
    lineage: state.lineage,
    size: state.bytes.length,
    sha256: digestOf(state.bytes),
    sealed: secrets.seal(compressed, statePlace(resourceId)),
  };
}

/** SHA-256 of a state's exact bytes, in hex, by which a stored one is found again. */
export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The newest stored state of a resource. */
export interface StoredState {
  bytes: Uint8Array;
  serial: number;
  lineage: string;
}

/** The newest state of a resource is there, but not to be read: without it nothing may be created or destroyed. */
export class StateUnreadableError extends Error {
  override readonly name = "StateUnreadableError";

  constructor(resourceId: number, version: number, reason: string, options?: ErrorOptions) {
    super(
      `version ${version} of the state of resource ${resourceId} cannot be read: ${reason}`,
      options,
    );
  }
}

/**
 * Reads and opens the newest state, or null when there is none. Others may have stored a plain one. Throws
 * StateUnreadableError when it is no state, was tampered with or its key is gone.
 */
export async function readStoredState(
  secrets: Secrets,
  manager: EntityManager,
  resourceId: number,
): Promise<StoredState | null> {
  const latest = await findLatestState(manager, resourceId);
  if (!latest) return null;
  const { envelope, text, version } = latest;
  try {
    if (envelope) return unseal(secrets, resourceId, envelope);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StateUnreadableError(resourceId, version, reason, { cause: error });
  }
  const plain = parseState(Buffer.from(text));
  if (plain) return plain;
  throw new StateUnreadableError(resourceId, version, "it is no Terraform state");
}

/**
 * Which version of a resource's state is stored, be it that it cannot be opened; null when there is none, or it is no
 * state.
 */
export async function storedVersion(
  manager: EntityManager,
  resourceId: number,
): Promise<Pick<StoredState, "serial" | "lineage"> | null> {
  const latest = await findLatestState(manager, resourceId);
  return latest && (latest.envelope ?? parseState(Buffer.from(latest.text)));
}

function unseal(secrets: Secrets, resourceId: number, envelope: StateEnvelope): StoredState {
  const { sealed, serial, lineage } = envelope;
  const compressed = secrets.open(sealed, statePlace(resourceId));
  return { bytes: gunzipSync(Buffer.from(compressed, "base64")), serial, lineage };
}
