import type { EntityManager } from "typeorm";
import { z } from "zod";

/** `snapshot`: while a run went on; `final`: at its end; `recovered`: found in the directory of a run that was lost. */
const kinds = ["snapshot", "final", "recovered"] as const;

const stateEnvelope = z.object({
  v: z.literal(1),
  kind: z.enum(kinds),
  /** Terraform's own counter and history; neither is unique over a resource's life. */
  serial: z.number(),
  lineage: z.string(),
  /** Of the state's exact bytes, in hex. */
  sha256: z.string(),
  /** Bytes before compression. */
  size: z.number(),
  /** The run that wrote it, `terraform_runs.id`. */
  runId: z.string(),
  /** gzip, base64, sealed: a state holds secrets in clear. */
  sealed: z.string(),
});

/** What `terraform_states.state_data` holds. Only `sealed` is secret. */
export type StateEnvelope = z.infer<typeof stateEnvelope>;

/** The newest version of a resource's state. */
export interface LatestState {
  version: number;
  /** Null when others wrote it: they store a plain state, or something that is none. */
  envelope: StateEnvelope | null;
  /** All of it as JSON, digit by digit. */
  text: string;
}

/** The newest version of a resource's state, or null. */
export async function findLatestState(
  manager: EntityManager,
  resourceId: number,
): Promise<LatestState | null> {
  const [row]: { version: number; text: string }[] = await manager.query(
    `SELECT version, state_data::text AS text FROM terraform_states
     WHERE resource_id = $1 ORDER BY version DESC NULLS LAST, id DESC LIMIT 1`,
    [resourceId],
  );
  if (!row) return null;
  const envelope = stateEnvelope.safeParse(JSON.parse(row.text));
  return { ...row, envelope: envelope.success ? envelope.data : null };
}

/** Whether a version of a resource's state has these bytes; `sha256` in hex. */
export async function hasState(
  manager: EntityManager,
  resourceId: number,
  sha256: string,
): Promise<boolean> {
  const rows: unknown[] = await manager.query(
    `SELECT 1 FROM terraform_states
     WHERE resource_id = $1
       AND $2 IN (state_data ->> 'sha256', encode(sha256(convert_to(state_data::TEXT, 'UTF8')), 'hex'))`,
    [resourceId, sha256],
  );
  return rows.length > 0;
}

/**
 * Stores a state as the next version, unless it is byte for byte the newest one. When a run ends, its snapshots have
 * served their purpose and go.
 */
export async function addState(
  manager: EntityManager,
  resourceId: number,
  envelope: StateEnvelope,
): Promise<void> {
  await manager.query("SELECT 1 FROM resources WHERE id = $1 FOR NO KEY UPDATE", [resourceId]);
  const latest = (await findLatestState(manager, resourceId))?.envelope;
  if (latest?.sha256 === envelope.sha256 && latest.kind !== "snapshot") return;
  await manager.query(
    `INSERT INTO terraform_states (resource_id, state_data, version)
     SELECT $1, $2, coalesce(max(version), 0) + 1 FROM terraform_states WHERE resource_id = $1`,
    [resourceId, JSON.stringify(envelope)],
  );
  if (envelope.kind === "snapshot") return;
  await manager.query(
    `DELETE FROM terraform_states
     WHERE resource_id = $1 AND state_data->>'runId' = $2 AND state_data->>'kind' = 'snapshot'`,
    [resourceId, envelope.runId],
  );
}

/** One page of states after the given id, locked until the transaction ends, for sealing them with another key. */
export async function lockStates(
  manager: EntityManager,
  afterId: number,
  limit: number,
): Promise<{ id: number; resourceId: number; sealed: string | null }[]> {
  return manager.query(
    `SELECT id, resource_id AS "resourceId", state_data->>'sealed' AS sealed
     FROM terraform_states WHERE id > $1 ORDER BY id LIMIT $2 FOR NO KEY UPDATE`,
    [afterId, limit],
  );
}

/** Replaces the sealed text of a state. */
export async function writeSealedState(
  manager: EntityManager,
  id: number,
  sealed: string,
): Promise<void> {
  await manager.query(
    "UPDATE terraform_states SET state_data = jsonb_set(state_data, '{sealed}', to_jsonb($2::text)) WHERE id = $1",
    [id, sealed],
  );
}
