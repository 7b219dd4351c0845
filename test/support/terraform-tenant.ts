import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Resource } from "../../entities/resource.ts";
import { TerraformRun } from "../../entities/terraform-run.ts";
import { type FakeProviders, startFakeProviders } from "../../local/terraform/server.ts";
import { findProcess } from "../../terraform/process.ts";
import type { ProcessIdentity } from "../../terraform/process-identity.ts";
import { parseState, type StateSnapshot } from "../../terraform/state.ts";
import { workDirectoryAt } from "../../terraform/work-directory.ts";
import type { FinishedRun } from "../../workers/run-job.ts";
import type { TerraformSettings } from "../../workers/services.ts";
import { applyTerraform } from "../../workers/terraform-apply.ts";
import { readStoredState } from "../../workers/terraform-state.ts";
import { type TestTenant, testTenant } from "./tenant.ts";
import { until } from "./until.ts";

/** Secrets of an AWS credential. */
export const awsKeys = {
  access_key: "AKIAIOSFODNN7EXAMPLE",
  secret_key: "wJalrXUtnFEMI/simulated",
};

/** A tenant with resources that the real binary creates in simulated clouds. It has no credential yet. */
export interface TerraformTenant extends TestTenant {
  fakes: FakeProviders;
  /** Where the private directories of runs are made. */
  root: string;
  /** A wanted bucket at AWS, unless told otherwise; returns its id. */
  addResource(changes?: Partial<Resource>): Promise<number>;
  work(resourceId: number, action: string, signal?: AbortSignal): Promise<FinishedRun>;
  resource(id: number): Promise<Resource>;
  /** All runs of the binary, oldest first. */
  runs(): Promise<TerraformRun[]>;
  /** The newest stored state of a resource. */
  stored(id: number): Promise<StateSnapshot | null>;
  /** The apply of the newest run, once it has got that far. */
  applyProcess(): Promise<ProcessIdentity>;
}

export async function terraformTenant(
  binary: string,
  settings: Partial<TerraformSettings> = {},
): Promise<TerraformTenant> {
  const fakes = await startFakeProviders();
  const root = await mkdtemp(join(tmpdir(), "multicloud-test-runs-"));
  const terraform: TerraformSettings = {
    binary,
    workDirectory: root,
    providerMirror: null,
    reattachProviders: fakes.reattach,
    ...settings,
  };
  const tenant = await testTenant({}, { terraform });
  const { database } = tenant;
  const runs = async (): Promise<TerraformRun[]> =>
    database.getRepository(TerraformRun).find({ order: { startedAt: "ASC" } });
  return {
    ...tenant,
    fakes,
    root,
    addResource: async (changes = {}) => {
      const wanted = { userId: tenant.userId, name: "shop", provider: "aws", type: "storage" };
      return (await database.getRepository(Resource).save({ ...wanted, ...changes })).id;
    },
    work: async (resourceId, action, signal) =>
      tenant.run("terraform-apply", applyTerraform, { resourceId, action }, signal),
    resource: async (id) => database.getRepository(Resource).findOneByOrFail({ id }),
    runs,
    stored: async (id) => {
      const state = await readStoredState(tenant.services.secrets, database.manager, id);
      return state && parseState(state.bytes);
    },
    applyProcess: async () => {
      const find = async () => {
        const directory = (await runs()).at(-1)?.process?.["directory"];
        if (typeof directory !== "string") return null;
        return findProcess(workDirectoryAt(directory).processFiles("apply"));
      };
      const found = await until(find, { what: "terraform applies" });
      if (!found) throw new TypeError("until returned nothing");
      return found;
    },
    close: async () => {
      await tenant.close();
      fakes.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
