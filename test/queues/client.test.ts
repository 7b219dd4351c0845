import { execFile } from "node:child_process";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { temporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);
const repository = join(import.meta.dirname, "../..");
const types = join(repository, "node_modules/@types");

/** Throws what the compiler says. */
async function compile(project: string): Promise<void> {
  try {
    await run(join(repository, "node_modules/.bin/tsc"), ["-p", project]);
  } catch (error) {
    throw new Error(String(Reflect.get(Object(error), "stdout")), { cause: error });
  }
}

/** What a service writes that uses the package. */
const consumer = `
import { enqueue, InvalidPayloadError, openQueues, requestJob } from "multicloud-workers";
import { Redis } from "ioredis";
import { Pool } from "pg";

export async function produce(): Promise<string[]> {
  const queues = openQueues(new Redis("redis://localhost"), "bull", (error) => error.message);
  const first: string = await enqueue(queues.sync, "sync", { userId: 1, credentialId: 7 });
  const client = await new Pool().connect();
  const second: string = await requestJob(client, "terraform-apply", {
    userId: 1,
    resourceId: 7,
    action: "apply",
    idempotencyKey: "apply-7",
  });
  // @ts-expect-error -- a resource is not what a sync is about
  await enqueue(queues.sync, "sync", { userId: 1, resourceId: 7 }).catch(
    (error: InvalidPayloadError) => error.path,
  );
  return [first, second];
}
`;
const strict = {
  compilerOptions: {
    target: "ES2023",
    module: "NodeNext",
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
  },
  files: ["consumer.ts"],
};

describe("the package as other services import it", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  before(async () => {
    folder = await temporaryFolder();
    const own = join(folder.path, "node_modules/multicloud-workers");
    await mkdir(own, { recursive: true });
    const build = {
      extends: join(repository, "tsconfig.build.json"),
      compilerOptions: { rootDir: repository, outDir: join(own, "dist"), typeRoots: [types] },
      include: [],
      files: [join(repository, "queues/client.ts")],
    };
    await writeFile(join(folder.path, "build.json"), JSON.stringify(build));
    await compile(join(folder.path, "build.json"));
    await writeFile(
      join(own, "package.json"),
      await readFile(join(repository, "package.json"), "utf8"),
    );
    for (const name of ["bullmq", "ioredis", "zod", "pg", "@types"]) {
      await symlink(
        join(repository, "node_modules", name),
        join(folder.path, "node_modules", name),
      );
    }
    await writeFile(join(folder.path, "package.json"), '{ "type": "module" }');
    await writeFile(join(folder.path, "consumer.ts"), consumer);
    await writeFile(join(folder.path, "tsconfig.json"), JSON.stringify(strict));
  });
  after(async () => folder.remove());

  it("has types under which a strict service compiles and a wrong payload does not", async () => {
    await compile(folder.path);
  });

  it("exports what it says at run time", async () => {
    const script = `import * as client from "multicloud-workers"; console.log(Object.keys(client).join())`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], {
      cwd: folder.path,
    });
    expect(stdout.trim().split(",")).to.include.members(["enqueue", "requestJob", "openQueues"]);
  });
});
