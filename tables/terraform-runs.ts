import { type EntityManager, In, Not } from "typeorm";
import { TerraformRun, type TerraformRunState } from "../entities/terraform-run.ts";

export interface NewTerraformRun {
  id: string;
  resourceId: number;
  jobRunId: string;
  action: string;
  /** Where the run's directory is: enough for another worker on the host to adopt it. */
  process: { host: string; directory: string };
}

/** Notes a run that is about to start. */
export async function addTerraformRun(manager: EntityManager, run: NewTerraformRun): Promise<void> {
  const row = { ...run, state: "running" as const, stage: "preparing" };
  await manager.save(manager.create(TerraformRun, row));
}

/** The run of a resource that nobody has ended yet, or null. */
export async function findRunningTerraformRun(
  manager: EntityManager,
  resourceId: number,
): Promise<TerraformRun | null> {
  return manager.findOne(TerraformRun, {
    where: { resourceId, state: "running" },
    order: { startedAt: "DESC" },
  });
}

/** Those of the runs that somebody has ended. */
export async function findEndedTerraformRuns(
  manager: EntityManager,
  ids: readonly string[],
): Promise<TerraformRun[]> {
  return manager.findBy(TerraformRun, { id: In(ids), state: Not("running") });
}

/** Somebody else has ended the run: it was taken for lost, and another may have begun. */
export class RunEndedError extends Error {
  override readonly name = "RunEndedError";

  constructor(id: string) {
    super(`run ${id} was ended by another worker`);
  }
}

/** Shows how far a run is. The percentage never falls. Throws RunEndedError when the run has ended. */
export async function showTerraformProgress(
  manager: EntityManager,
  id: string,
  stage: string,
  percent: number,
): Promise<void> {
  const [, count]: [unknown, number] = await manager.query(
    `UPDATE terraform_runs SET stage = $2, percent = greatest(percent, $3)
     WHERE id = $1 AND state = 'running'`,
    [id, stage, percent],
  );
  if (count === 0) throw new RunEndedError(id);
}

/** Keeps a run from being ended by anybody else until the transaction is over. Throws RunEndedError when it has ended. */
export async function holdTerraformRun(manager: EntityManager, id: string): Promise<void> {
  const rows: unknown[] = await manager.query(
    "SELECT 1 FROM terraform_runs WHERE id = $1 AND state = 'running' FOR NO KEY UPDATE",
    [id],
  );
  if (rows.length === 0) throw new RunEndedError(id);
}

/** Ends a run, unless somebody has already. `unknown`: what it did to the cloud is not completely known; the message says what is not. */
export async function endTerraformRun(
  manager: EntityManager,
  id: string,
  state: Exclude<TerraformRunState, "running">,
  facts: { plan?: Record<string, unknown>; errorMessage?: string } = {},
): Promise<void> {
  await manager.query(
    `UPDATE terraform_runs
     SET state = $2::text, plan = coalesce($3::jsonb, plan), error_message = $4, finished_at = clock_timestamp(),
         stage = CASE WHEN $2::text IN ('failed', 'unknown') THEN stage ELSE 'finished' END,
         percent = CASE WHEN $2::text IN ('failed', 'unknown') THEN percent ELSE 100 END
     WHERE id = $1 AND state = 'running'`,
    [id, state, facts.plan ? JSON.stringify(facts.plan) : null, facts.errorMessage ?? null],
  );
}
