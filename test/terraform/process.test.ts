import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import {
  findProcess,
  interrupt,
  killGroup,
  processFiles,
  readExitCode,
  startProcess,
  waitForExit,
} from "../../terraform/process.ts";
import { isAlive, isLeaderAlive, type ProcessIdentity } from "../../terraform/process-identity.ts";
import { until } from "../support/until.ts";

/** Says that it waits, answers an interrupt, and would otherwise wait for good. */
const waiting = "trap 'echo interrupted; exit 7' INT; echo waiting; while :; do sleep 0.05; done";

describe("a process of its own", () => {
  let directory: string;
  let started: ProcessIdentity[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "multicloud-process-"));
    started = [];
  });
  afterEach(async () => {
    for (const identity of started) await killGroup(identity);
    await rm(directory, { recursive: true, force: true });
  });

  async function start(script: string) {
    const files = processFiles(directory, "apply");
    const identity = await startProcess({
      binary: "/bin/sh",
      args: ["-c", script],
      directory,
      environment: { PATH: "/usr/bin:/bin", ONLY: "this" },
      files,
    });
    started.push(identity);
    return { identity, files };
  }

  async function startWaiting() {
    const process = await start(waiting);
    const { log } = process.files;
    await until(async () => (await readFile(log, "utf8")) === "waiting\n", { what: "the process" });
    return process;
  }

  it("leaves output and exit code in files", async () => {
    const { identity, files } = await start("echo out; echo trouble >&2; exit 3");

    const exitCode = await waitForExit(identity, files, async () => {});

    expect(exitCode).to.equal(3);
    expect(await readFile(files.log, "utf8")).to.equal("out\n");
    expect(await readFile(files.errors, "utf8")).to.equal("trouble\n");
  });

  it("has no environment but the given one", async () => {
    const { identity, files } = await start("env");

    await waitForExit(identity, files, async () => {});

    const names = (await readFile(files.log, "utf8")).trim().split("\n");
    const ownOfTheShell = /^(PWD|OLDPWD|SHLVL|_)=/;
    expect(names.filter((name) => !ownOfTheShell.test(name)).toSorted()).to.deep.equal([
      "ONLY=this",
      "PATH=/usr/bin:/bin",
    ]);
  });

  it("runs in a group of its own", async () => {
    const { identity } = await startWaiting();

    expect(identity.groupId).not.to.equal(identity.pid);
    expect(identity.groupId).not.to.equal(process.pid);
    expect(await isAlive(identity)).to.equal(true);
  });

  it("is found again by its files alone", async () => {
    const { identity, files } = await startWaiting();

    expect(await findProcess(files)).to.deep.equal(identity);
    expect(await findProcess(processFiles(directory, "plan"))).to.equal(null);
  });

  it("is not taken for another process that got its pid later", async () => {
    const { identity } = await startWaiting();

    expect(await isAlive({ ...identity, startTime: "1" })).to.equal(false);
  });

  it("is not taken for one of a later boot, where pids and ticks begin anew", async function () {
    const { identity } = await startWaiting();
    if (identity.bootId === "") this.skip();
    const before = { ...identity, bootId: "00000000-0000-0000-0000-000000000000" };

    expect([await isAlive(before), await isLeaderAlive(before)]).to.deep.equal([false, false]);
    await killGroup(before);
    expect(await isAlive(identity)).to.equal(true);
  });

  it("is interrupted once, whoever asks", async () => {
    const { identity, files } = await startWaiting();
    await interrupt(identity, files);

    await interrupt(identity, files);

    expect(await waitForExit(identity, files, async () => {})).to.equal(7);
    expect(await readFile(files.log, "utf8")).to.equal("waiting\ninterrupted\n");
  });

  it("can be interrupted, and its wrapper still tells how it ended", async () => {
    const { identity, files } = await startWaiting();

    await interrupt(identity, files);

    expect(await waitForExit(identity, files, async () => {})).to.equal(7);
    expect(await readFile(files.log, "utf8")).to.equal("waiting\ninterrupted\n");
  });

  it("leaves 128 and the signal when it alone is killed", async () => {
    const { identity, files } = await startWaiting();

    process.kill(identity.pid, "SIGKILL");

    expect(await waitForExit(identity, files, async () => {})).to.equal(137);
  });

  it("leaves no exit code when its whole group is killed", async () => {
    const { identity, files } = await startWaiting();

    await killGroup(identity);

    expect(await waitForExit(identity, files, async () => {})).to.equal(null);
    expect(await readExitCode(files)).to.equal(null);
    expect(await isAlive(identity)).to.equal(false);
  });

  it("says that a binary is missing by the shell's exit code", async () => {
    const files = processFiles(directory, "apply");
    const binary = join(directory, "absent");
    const identity = await startProcess({ binary, args: [], directory, environment: {}, files });

    expect(await waitForExit(identity, files, async () => {})).to.equal(127);
  });

  it("cannot be started in a directory that does not exist", async () => {
    const absent = join(directory, "absent");
    const options = { binary: "/bin/sh", args: [], directory: absent, environment: {} };

    const files = processFiles(directory, "apply");
    const error = await startProcess({ ...options, files }).catch((caught) => caught);

    expect(error).to.be.instanceOf(Error).with.property("code", "ENOENT");
  });
});
