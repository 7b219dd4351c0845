import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { type OwnProcess, startProcess } from "../../local/processes.ts";
import { OpenParts, runUntilSignal, StoppedError } from "../../runtime/shutdown.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { failureOf } from "../support/failure.ts";
import { testLog } from "../support/log.ts";
import { type SilentServer, startSilentServer } from "../support/silent-server.ts";
import { newKey } from "../support/tenant.ts";

describe("what a process has open", () => {
  it("is closed last first, also when one part cannot be closed", async () => {
    const [open, closed]: [OpenParts, string[]] = [new OpenParts(), []];
    const problem = new Error("stuck");
    const errors: unknown[] = [];
    open.add(() => void closed.push("first"));
    open.add(
      async () => Promise.reject(problem),
      () => void closed.push("last"),
    );

    const code = await open.close((error) => errors.push(error));

    expect({ code, closed, errors }).to.deep.equal({
      code: 1,
      closed: ["last", "first"],
      errors: [problem],
    });
  });

  it("takes nothing more while it is closed, and closes what came too late", async () => {
    const [open, closed]: [OpenParts, string[]] = [new OpenParts(), []];
    open.add(async () => {
      expect(() => open.add(() => void closed.push("late"))).to.throw(StoppedError);
    });

    expect(await open.close(() => {})).to.equal(0);
    expect(closed).to.deep.equal(["late"]);
  });
});

describe("a process that does not come up", () => {
  it("closes what it has opened, minds signals no more and says what is wrong", async () => {
    const problem = new Error("port taken");
    const closed: string[] = [];
    const listeners = process.listenerCount("SIGTERM");

    const started = runUntilSignal(testLog().log, async (open) => {
      open.add(() => void closed.push("database"));
      expect(process.listenerCount("SIGTERM")).to.equal(listeners + 1);
      throw problem;
    });

    expect(await failureOf(started)).to.equal(problem);
    expect(closed).to.deep.equal(["database"]);
    expect(process.listenerCount("SIGTERM")).to.equal(listeners);
  });
});

describe("a process that starts", () => {
  let database: TestDatabase;
  let silent: SilentServer;
  let started: OwnProcess | undefined;

  beforeEach(async () => {
    [database, silent] = [await testDatabase(), await startSilentServer()];
    started = undefined;
  });
  afterEach(async () => {
    await started?.kill();
    await Promise.all([silent.close(), database.close()]);
  });

  /** With what the role needs and no more. */
  const start = (role: string, changes: Record<string, string> = {}): OwnProcess =>
    startProcess([role], {
      PATH: process.env["PATH"] ?? "",
      DATABASE_URL: database.url,
      REDIS_URL: `redis://127.0.0.1:${silent.port}`,
      API_PORT: "0",
      ...(role === "worker" && { CREDENTIAL_KEYS: newKey() }),
      ...changes,
    });
  /** In time is half of what a connection gives a server to answer. */
  const stop = async (told: OwnProcess): Promise<{ code: number | null; inTime: boolean }> => {
    const from = performance.now();
    const code = await told.stop();
    return { code, inTime: performance.now() - from < 5_000 };
  };

  for (const role of ["worker", "scheduler", "api"]) {
    it(`ends with 0 at SIGTERM while PostgreSQL does not answer: ${role}`, async () => {
      started = start(role, { DATABASE_URL: `postgres://user@127.0.0.1:${silent.port}/none` });
      await silent.reached;

      expect(await stop(started)).to.deep.equal({ code: 0, inTime: true });
    });
  }

  for (const role of ["worker", "scheduler"]) {
    it(`ends with 0 at SIGTERM while Redis does not answer: ${role}`, async () => {
      started = start(role);
      await silent.reached;

      expect(await stop(started)).to.deep.equal({ code: 0, inTime: true });
    });
  }

  it("ends with 1 when its health port is taken", async () => {
    started = start("worker", { HEALTH_PORT: String(silent.port) });

    const error = await failureOf(started.logged(() => false));

    expect(String(error)).to.include("ended too early").and.include("EADDRINUSE");
    expect(await started.stop()).to.equal(1);
  });
});
