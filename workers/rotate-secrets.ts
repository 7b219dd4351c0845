import type { DataSource, EntityManager } from "typeorm";
import { secretColumns } from "../entities/credential.ts";
import type { Secrets } from "../runtime/secrets/secret.ts";
import { lockSealedCredentials, writeSecrets } from "../tables/credentials.ts";
import { lockStates, writeSealedState } from "../tables/terraform-states.ts";
import { statePlace } from "./terraform-state.ts";

/** What a rotation did. `failed` names what could not be opened and stays as it is. */
export interface Rotation {
  credentials: number;
  states: number;
  failed: { table: string; id: number; column: string; reason: string }[];
}

/** Rows per transaction: small, so that jobs never wait long for a locked credential. */
const pageSize = 100;

/**
 * Seals every secret with the current key that another key (or Fernet) sealed: credentials and Terraform states. Goes
 * page by page, so that it can be stopped and started again at any time; what is current already is left alone.
 */
export async function rotateSecrets(database: DataSource, secrets: Secrets): Promise<Rotation> {
  const rotation: Rotation = { credentials: 0, states: 0, failed: [] };
  await eachPage(database, async (manager, after) =>
    rotateCredentials(manager, secrets, after, rotation),
  );
  await eachPage(database, async (manager, after) =>
    rotateStates(manager, secrets, after, rotation),
  );
  return rotation;
}

async function eachPage(
  database: DataSource,
  page: (manager: EntityManager, after: number) => Promise<number | undefined>,
): Promise<void> {
  let after: number | undefined = 0;
  while (after !== undefined) {
    const from: number = after;
    after = await database.transaction(async (manager) => page(manager, from));
  }
}

async function rotateCredentials(
  manager: EntityManager,
  secrets: Secrets,
  after: number,
  rotation: Rotation,
): Promise<number | undefined> {
  const rows = await lockSealedCredentials(manager, after, pageSize);
  for (const row of rows) {
    const sealed = secretColumns.flatMap((column) => {
      const place = { table: "credentials", id: row.id, column };
      const again = sealAgain(secrets, row[column], place, rotation);
      return again === undefined ? [] : [[column, again] as const];
    });
    await writeSecrets(manager, row.id, Object.fromEntries(sealed));
    if (sealed.length > 0) rotation.credentials += 1;
  }
  return rows.at(-1)?.id;
}

async function rotateStates(
  manager: EntityManager,
  secrets: Secrets,
  after: number,
  rotation: Rotation,
): Promise<number | undefined> {
  const rows = await lockStates(manager, after, pageSize);
  for (const row of rows) {
    const again = sealAgain(secrets, row.sealed, statePlace(row.resourceId), rotation);
    if (again === undefined) continue;
    await writeSealedState(manager, row.id, again);
    rotation.states += 1;
  }
  return rows.at(-1)?.id;
}

function sealAgain(
  secrets: Secrets,
  text: string | null,
  place: { table: string; id: number; column: string },
  rotation: Rotation,
): string | undefined {
  if (!text) return undefined;
  try {
    if (secrets.isCurrent(text)) return undefined;
    return secrets.seal(secrets.open(text, place), place);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "not readable";
    rotation.failed.push({ ...place, reason });
    return undefined;
  }
}
