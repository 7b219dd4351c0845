import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { startServices } from "../../local/services.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

/** Whether something listens where this URL points to. */
async function answers(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

describe("startServices", () => {
  let folder: string;
  let remove: () => Promise<void>;
  let holder: ChildProcess | undefined;

  beforeEach(async () => {
    const temporary = await temporaryFolder();
    folder = temporary.path;
    remove = () => temporary.remove();
    holder = undefined;
  });
  afterEach(async () => {
    holder?.kill("SIGKILL");
    await remove();
  });

  it("leaves neither processes nor data behind after close, which may be called twice", async () => {
    const services = await startServices({ folder, environment: {}, temporary: true });
    const urls = [services.databaseUrl, services.redisUrl];
    expect(await Promise.all(urls.map(answers))).to.deep.equal([true, true]);

    await services.close();
    await services.close();

    expect(await Promise.all(urls.map(answers))).to.deep.equal([false, false]);
    expect(await readdir(folder)).to.deep.equal(["redis"]);
    expect(await readdir(join(folder, "redis"))).to.not.include(`data-${process.pid}`);
  });

  it("keeps data that goes apart from data that stays, so that both can be in use", async () => {
    const [going, staying] = await Promise.all([
      startServices({ folder, environment: {}, temporary: true, fsync: false }),
      startServices({ folder, environment: {}, fsync: false }),
    ]);
    await Promise.all([going.close(), staying.close()]);

    expect(await readdir(folder)).to.deep.equal(["postgres", "redis"]);
  });

  it("starts nothing that the environment gives", async () => {
    const environment = { DATABASE_URL: "postgresql://db/x", REDIS_URL: "redis://cache" };

    const services = await startServices({ folder, environment });
    await services.close();

    expect(services).to.include({ databaseUrl: "postgresql://db/x", redisUrl: "redis://cache" });
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it("stops the other service when one does not start", async () => {
    await mkdir(join(folder, "postgres"));
    await writeFile(join(folder, "redis"), "a file where the folder should be");

    await failureOf(startServices({ folder, environment: {} }), Error);

    expect(await readdir(join(folder, "postgres", "data"))).to.not.include("postmaster.pid");
  });

  for (const signal of ["SIGKILL", "SIGINT", "SIGTERM"] as const) {
    it(`ends both services when its process ends by ${signal}`, async () => {
      holder = spawnHolder(folder);
      const { databaseUrl, redisUrl } = await firstLine(holder);
      expect(await Promise.all([answers(databaseUrl), answers(redisUrl)])).to.deep.equal([
        true,
        true,
      ]);

      holder.kill(signal);
      await once(holder, "exit");

      const isGone = async (url: string) => !(await answers(url));
      const what = "the services have ended";
      await until(async () => (await isGone(databaseUrl)) && isGone(redisUrl), { what });
      const cluster = join(folder, `postgres-${holder.pid}`);
      const isDeleted = async () => (await readdir(cluster)).length === 0;
      await until(isDeleted, { what: "the data is deleted" });
    });
  }
});

function spawnHolder(folder: string): ChildProcess {
  const script = join(import.meta.dirname, "../support/hold-services.ts");
  const args = ["--import", "tsx", script, folder];
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
}

async function firstLine(child: ChildProcess): Promise<{ databaseUrl: string; redisUrl: string }> {
  if (child.stdout === null) throw new Error("standard output is not piped");
  const [line] = await once(createInterface(child.stdout), "line");
  return JSON.parse(String(line));
}
