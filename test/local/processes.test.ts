import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "chai";
import { describe, it } from "mocha";
import { OwnProcessError, startProcess } from "../../local/processes.ts";
import { failureOf } from "../support/failure.ts";

const { PATH = "" } = process.env;

describe("startProcess", () => {
  it("says with its last words why a process did not get ready", async () => {
    const worker = startProcess(["worker"], { PATH });

    const error = await failureOf(
      worker.logged(() => false),
      OwnProcessError,
    );

    expect(error.message).to.match(/^multicloud worker ended too early\n/);
    expect(error.message).to.include("DATABASE_URL is missing");
    expect(await worker.stop()).to.equal(1);
  });

  it("does not wait longer than it is told to", async () => {
    const worker = startProcess(["worker"], { PATH });

    const error = await failureOf(
      worker.logged(() => false, 1),
      OwnProcessError,
    );
    await worker.kill();

    expect(error.message).to.include("was silent for 1 ms");
  });
});

describe("a process that is preloaded with end-with-parent", () => {
  it("ends when the pipe to its parent breaks, as it does when the parent is killed", async () => {
    const preload = new URL("../../local/end-with-parent.ts", import.meta.url).href;
    const imports = [import.meta.resolve("tsx"), preload].map((url) => `--import=${url}`);
    const stay = "console.log('up'); setInterval(() => {}, 1000)";
    const child = spawn(process.execPath, [...imports, "-e", stay], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(child.stdout, "data");

    child.stdin.destroy();
    await once(child, "exit");

    expect(child.exitCode).to.equal(1);
  });
});
