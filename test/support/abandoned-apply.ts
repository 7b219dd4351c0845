import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { DataSource } from "typeorm";
import { TerraformRun } from "../../entities/terraform-run.ts";
import type { Hold } from "../../local/terraform/faults.ts";
import type { FakeProviders } from "../../local/terraform/server.ts";
import { findModule } from "../../terraform/module.ts";
import type { ProcessIdentity } from "../../terraform/process-identity.ts";
import { takeOver } from "../../terraform/work-directory.ts";

const fixture = fileURLToPath(new URL("fixtures/run-apply.ts", import.meta.url));

/** An apply of an Azure network whose worker is gone. */
export interface AbandonedApply {
  /** The creation that terraform waits in. */
  hold: Hold;
  identity: ProcessIdentity;
}

/** Starts an apply in a process of its own and kills that process while one resource is being created. */
export async function abandonApply(
  { binary, directory, fakes }: { binary: string; directory: string; fakes: FakeProviders },
  type: string,
): Promise<AbandonedApply> {
  const hold = fakes.faults.hold({ type, action: "create" });
  const { directory: module } = await findModule("azure", "network");
  const worker = spawn(process.execPath, ["--import", "tsx", fixture], {
    env: {
      PATH: process.env["PATH"],
      RUN_BINARY: binary,
      RUN_DIRECTORY: directory,
      RUN_MODULE: module,
      RUN_REATTACH: fakes.reattach,
    },
    stdio: ["ignore", "inherit", "inherit"],
    timeout: 50_000,
    killSignal: "SIGKILL",
  });
  const exited = once(worker, "exit");
  await Promise.race([hold.reached, exited]);
  worker.kill("SIGKILL");
  await exited;
  const identity = await takeOver(directory);
  if (!identity) throw new Error("no apply was left");
  return { hold, identity };
}

/** Notes a run that its worker left while it applied. */
export async function saveLeftRun(
  database: DataSource,
  resourceId: number,
  process: { host: string; directory: string },
): Promise<void> {
  const ids = { id: randomUUID(), resourceId, jobRunId: randomUUID() };
  const stage = { action: "apply", state: "running", stage: "applying" } as const;
  await database.getRepository(TerraformRun).save({ ...ids, ...stage, process });
}
