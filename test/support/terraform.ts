import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "mocha";
import { type FakeProviders, startFakeProviders } from "../../local/terraform/server.ts";
import { findBinary } from "../../terraform/binary.ts";
import type { RunCredential } from "../../terraform/environment.ts";
import { TerraformError, TerraformMissingError } from "../../terraform/errors.ts";
import { findModule } from "../../terraform/module.ts";
import type { ModuleRun } from "../../terraform/run.ts";
import { parseState, type StateSnapshot } from "../../terraform/state.ts";
import { workDirectoryAt } from "../../terraform/work-directory.ts";
import { failureOf } from "./failure.ts";

export const awsCredential: RunCredential = {
  provider: "aws",
  accessKey: "AKIAIOSFODNN7EXAMPLE",
  secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  region: "eu-central-1",
};

export const azureCredential: RunCredential = {
  provider: "azure",
  tenantId: "11111111-1111-1111-1111-111111111111",
  clientId: "22222222-2222-2222-2222-222222222222",
  clientSecret: "Q~8~azure.client.secret_value",
  subscriptionId: "00000000-0000-0000-0000-000000000000",
};

let isAnnounced = false;

/** The real binary's path. Skips the test, saying so, where none is installed. */
export async function requireTerraform(test: Context): Promise<string> {
  try {
    return (await findBinary({ searchPath: process.env["PATH"] })).path;
  } catch (error) {
    if (!(error instanceof TerraformMissingError)) throw error;
    if (!isAnnounced) process.stderr.write(`    skipped: ${error.message}\n`);
    isAnnounced = true;
    return test.skip();
  }
}

/** A temporary directory with what a test of real runs needs. `close` removes it. */
export interface RunWorld {
  root: string;
  fakes: FakeProviders;
  /** A run with a new work directory. */
  run: (options: Partial<ModuleRun> & Pick<ModuleRun, "moduleDirectory">) => ModuleRun;
  /** Writes a module of one file and returns its directory. */
  module: (name: string, hcl: string) => Promise<string>;
  /** Creates a resource group, a network and a subnet, always in this order. */
  azureNetwork: (options?: Partial<ModuleRun>) => ModuleRun;
  close: () => Promise<void>;
}

export async function createRunWorld(binary: string): Promise<RunWorld> {
  const root = await mkdtemp(join(tmpdir(), "multicloud-terraform-"));
  const fakes = await startFakeProviders();
  let runs = 0;
  const run = (options: Partial<ModuleRun> & Pick<ModuleRun, "moduleDirectory">): ModuleRun => {
    runs += 1;
    return {
      directory: join(root, `run-${runs}`),
      variables: {},
      state: null,
      providerMirror: null,
      binary,
      inherited: process.env,
      reattachProviders: fakes.reattach,
      credential: awsCredential,
      signal: new AbortController().signal,
      limits: { initMs: 30_000, planMs: 30_000, applyMs: 30_000, graceMs: 30_000 },
      ...options,
    };
  };
  const { directory: moduleDirectory } = await findModule("azure", "network");
  const variables = { name: "shop", region: "westeurope" };
  return {
    root,
    fakes,
    run,
    azureNetwork: (options) =>
      run({ moduleDirectory, variables, credential: azureCredential, ...options }),
    module: async (name, hcl) => {
      const directory = join(root, name);
      await mkdir(directory);
      await writeFile(join(directory, "main.tf"), hcl);
      return directory;
    },
    close: async () => {
      fakes.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** The error of a run that has to fail. */
export async function terraformErrorOf(result: Promise<unknown>): Promise<TerraformError> {
  return failureOf(result, TerraformError);
}

/** The state in a run's work directory. */
export async function writtenState(run: ModuleRun): Promise<StateSnapshot | null> {
  return parseState(await readFile(workDirectoryAt(run.directory).state));
}
