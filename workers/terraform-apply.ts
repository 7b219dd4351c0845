import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { EntityManager } from "typeorm";
import type { TerraformApplyPayload } from "../queues/terraform-apply.ts";
import { LockHeldError, withAdvisoryLock } from "../tables/advisory-lock.ts";
import { pinCredential, setResourceStatus } from "../tables/resources.ts";
import { addTerraformRun, endTerraformRun } from "../tables/terraform-runs.ts";
import { addState } from "../tables/terraform-states.ts";
import { findBinary } from "../terraform/binary.ts";
import { TerraformError, TerraformMissingError } from "../terraform/errors.ts";
import {
  type ApplyResult,
  applyModule,
  destroyModule,
  type ModuleRun,
  planModule,
} from "../terraform/run.ts";
import type { Outputs } from "../terraform/state.ts";
import type { Pass } from "./circuit-breaker.ts";
import { GiveUpError, RetryError } from "./errors.ts";
import type { Handler, JobContext } from "./handler.ts";
import type { Services } from "./services.ts";
import { recoverRun } from "./terraform-recovery.ts";
import { cleanUp, host, type OngoingRun, recordFailure, recordRun } from "./terraform-run.ts";
import { readStoredState, sealState } from "./terraform-state.ts";
import { authoriseResource, type TerraformTarget } from "./terraform-target.ts";
import { watch } from "./watch-call.ts";

/** Another job of the resource is usually done within minutes. */
const busyRetryMs = 15_000;

/**
 * Plans, applies or destroys one resource. First deals with what an earlier worker left: an apply that still runs is
 * followed to its end, never started a second time, whatever the circuit of its provider. Every attempt plans anew.
 */
export const applyTerraform: Handler<"terraform-apply"> = async (dependencies, payload, signal) => {
  const target = await authoriseResource(dependencies, payload);
  const lock = `resource ${target.resource.id}`;
  try {
    return await withAdvisoryLock(dependencies.database, lock, async () =>
      work(dependencies, payload, target, signal),
    );
  } catch (error) {
    signal.throwIfAborted();
    throw verdict(error);
  }
};

async function work(
  dependencies: Services & JobContext,
  payload: TerraformApplyPayload,
  target: TerraformTarget,
  signal: AbortSignal,
): Promise<unknown> {
  const recovered = await recoverRun(dependencies, target, signal);
  if (recovered) {
    const isOurs = recovered.action === payload.action;
    if (isOurs) return succeed(dependencies, recovered.run, recovered.action, recovered.result);
    const { run, action, result } = recovered;
    await dependencies.commit(async (manager) =>
      recordSuccess(dependencies, manager, run, action, result),
    );
    run.stored = result.state;
    await cleanUp(run);
  }
  const pass = await dependencies.enterCircuit(target.credential.cloud, signal);
  const { run, moduleRun } = await prepare(dependencies, payload, target, signal);
  try {
    if (payload.action === "plan" || payload.action === "drift") {
      return await plan(dependencies, run, payload.action, moduleRun, pass);
    }
    const change = payload.action === "apply" ? applyModule : destroyModule;
    const result = await watch(pass, async () => change(moduleRun));
    return await succeed(dependencies, run, payload.action, result);
  } catch (error) {
    await recordFailure(dependencies, run, error);
    throw error;
  }
}

async function prepare(
  dependencies: Services & JobContext,
  payload: TerraformApplyPayload,
  target: TerraformTarget,
  signal: AbortSignal,
): Promise<{ run: OngoingRun; moduleRun: ModuleRun }> {
  const { terraform, database, secrets } = dependencies;
  const { resource, credential, module, variables } = target;
  const binary = await findBinary({
    configured: terraform.binary,
    searchPath: process.env["PATH"],
  });
  const stored = await readStoredState(secrets, database.manager, resource.id);
  const id = randomUUID();
  const directory = join(terraform.workDirectory, id);
  const run: OngoingRun = { id, resourceId: resource.id, directory, stored, progress: null };
  await dependencies.commit(async (manager) => {
    const where = { host, directory };
    const { action } = payload;
    const row = {
      id,
      resourceId: resource.id,
      jobRunId: dependencies.runId,
      action,
      process: where,
    };
    await addTerraformRun(manager, row);
    if (action !== "plan" && action !== "drift") {
      await pinCredential(manager, resource.id, credential.id);
    }
    if (action === "apply") await setResourceStatus(manager, resource.id, "provisioning");
    if (action === "destroy") await setResourceStatus(manager, resource.id, "destroying");
  });
  const moduleRun: ModuleRun = {
    ...recordRun(dependencies, run),
    binary: binary.path,
    directory,
    moduleDirectory: module.directory,
    variables,
    credential: credential.cloud,
    state: stored?.bytes ?? null,
    providerMirror: terraform.providerMirror,
    reattachProviders: terraform.reattachProviders,
    inherited: process.env,
    signal,
  };
  return { run, moduleRun };
}

async function plan(
  dependencies: Services & JobContext,
  run: OngoingRun,
  action: "plan" | "drift",
  moduleRun: ModuleRun,
  pass: Pass,
): Promise<unknown> {
  const mode = action === "drift" ? "refresh-only" : "apply";
  const planned = await watch(pass, async () => planModule(mode, moduleRun));
  const { changes, hasChanges, drifted } = planned;
  const result = await dependencies.finish(async (manager) => {
    await endTerraformRun(manager, run.id, "planned", { plan: { ...changes, drifted } });
    return { rows: 1, action, hasChanges, changes, drifted };
  });
  await cleanUp(run);
  return result;
}

async function succeed(
  dependencies: Services & JobContext,
  run: OngoingRun,
  action: string,
  result: ApplyResult,
): Promise<unknown> {
  const value = await dependencies.finish(async (manager) => {
    const outputs = await recordSuccess(dependencies, manager, run, action, result);
    return { rows: 1, action, applied: result.applied, changes: result.changes, outputs };
  });
  run.stored = result.state;
  await cleanUp(run);
  return value;
}

/** Writes what a run that reached its goal leaves, and returns the outputs that may be seen. */
async function recordSuccess(
  { secrets }: Services,
  manager: EntityManager,
  run: OngoingRun,
  action: string,
  { changes, state }: ApplyResult,
): Promise<Record<string, unknown>> {
  const isDestroy = action === "destroy";
  const outputs = isDestroy ? {} : readable(state?.outputs ?? {});
  if (state) {
    const facts = { runId: run.id, kind: "final" } as const;
    await addState(manager, run.resourceId, sealState(secrets, run.resourceId, facts, state));
  }
  await endTerraformRun(manager, run.id, isDestroy ? "destroyed" : "applied", {
    plan: { ...changes },
  });
  await setResourceStatus(manager, run.resourceId, isDestroy ? "destroyed" : "active", {
    ...outputs,
    run_id: run.id,
    changes,
  });
  return outputs;
}

/** Outputs that are not sensitive, as plain values. */
function readable(outputs: Outputs): Record<string, unknown> {
  const shown = Object.entries(outputs).filter(([, output]) => !output.sensitive);
  return Object.fromEntries(shown.map(([name, output]) => [name, output.value]));
}

/** What an error of the binary means for the job. */
function verdict(error: unknown): unknown {
  if (error instanceof LockHeldError) {
    return new RetryError("RESOURCE_BUSY", error.message, { afterMs: busyRetryMs });
  }
  if (error instanceof TerraformMissingError) {
    return new GiveUpError("TERRAFORM_MISSING", error.message);
  }
  if (!(error instanceof TerraformError)) return error;
  if (error.fault === "tenant") return new GiveUpError("TERRAFORM_REFUSED", error.message);
  return new RetryError("TERRAFORM_FAILED", error.message, { cause: error });
}
