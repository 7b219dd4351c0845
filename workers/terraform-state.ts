import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import type { EntityManager } from "typeorm";
import type { Secrets } from "../runtime/secrets/secret.ts";
import { findLatestState, type StateEnvelope } from "../tables/terraform-states.ts";
import type { StateSnapshot } from "../terraform/state.ts";

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
    sha256: createHash("sha256").update(state.bytes).digest("hex"),
    sealed: secrets.seal(compressed, statePlace(resourceId)),
  };
}

/** The newest stored state of a resource. */
export interface StoredState {
  bytes: Uint8Array;
  serial: number;
  lineage: string;
}

/** Reads and opens the newest state, or null when there is none. Throws when it was tampered with or the key is gone. */
export async function readStoredState(
  secrets: Secrets,
  manager: EntityManager,
  resourceId: number,
): Promise<StoredState | null> {
  const envelope = await findLatestState(manager, resourceId);
  if (!envelope) return null;
  const compressed = secrets.open(envelope.sealed, statePlace(resourceId));
  const bytes = gunzipSync(Buffer.from(compressed, "base64"));
  return { bytes, serial: envelope.serial, lineage: envelope.lineage };
}
