import type { DataSource, EntityManager } from "typeorm";
import { CostLoad, type CostLoadState } from "../entities/cost-load.ts";

/** One load as it is recorded. */
export interface CostLoadRow {
  userId: number;
  credentialId: number;
  source: string;
  sourceVersion: string;
  scope: Record<string, unknown>;
  state: CostLoadState;
  reason: string | null;
  rows: number;
  totals: Record<string, string>;
}

/** The version that was loaded last from this source, or null before the first load. Held loads do not count. */
export async function findLastLoad(
  database: DataSource,
  credentialId: number,
): Promise<CostLoad | null> {
  return database
    .getRepository(CostLoad)
    .findOne({ where: { credentialId, state: "loaded" }, order: { id: "DESC" } });
}

/** Notes a load and what came of it. */
export async function addCostLoad(manager: EntityManager, row: CostLoadRow): Promise<void> {
  await manager.save(manager.create(CostLoad, row));
}
