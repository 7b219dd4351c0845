import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import type { EntityManager } from "typeorm";
import { findLatestState, type StateEnvelope } from "../tables/terraform-states.ts";
import type { StateSnapshot } from "../terraform/state.ts";
import type { SecretReader, SecretWriter } from "./services.ts";

const place = (resourceId: number) => ({
  table: "terraform_states",
  id: resourceId,
  column: "state_data",
});

/** A state as it is stored: sealed, since it holds secrets in clear, with the facts that may be read. */
export function sealState(
  secrets: SecretWriter,
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
    sealed: secrets.seal(compressed, place(resourceId)),
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
  secrets: SecretReader,
  manager: EntityManager,
  resourceId: number,
): Promise<StoredState | null> {
  const envelope = await findLatestState(manager, resourceId);
  if (!envelope) return null;
  const compressed = secrets.open(envelope.sealed, place(resourceId));
  const bytes = gunzipSync(Buffer.from(compressed, "base64"));
  return { bytes, serial: envelope.serial, lineage: envelope.lineage };
}
