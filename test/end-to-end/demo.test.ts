import { type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { isAlive } from "../../local/leftovers.ts";
import { npm } from "../support/command.ts";
import { descendants } from "../support/descendants.ts";
import { until } from "../support/until.ts";

const checkout = join(import.meta.dirname, "../..");

describe("npm run demo", function () {
  this.timeout(120_000);
  let temporary: string;
  let environment: Record<string, string>;

  beforeEach(async () => {
    temporary = await mkdtemp(join(tmpdir(), "multicloud-demo-test-"));
    const { PATH = "", HOME = "" } = process.env;
    environment = { PATH, HOME, TMPDIR: temporary };
  });
  afterEach(async () => rm(temporary, { recursive: true, force: true }));

  /** What lies around in the places where the demo puts things and belongs to no process that runs. */
  async function leftovers(): Promise<string[]> {
    const places = [temporary, join(checkout, ".local"), join(checkout, ".local/redis")];
    const look = async (path: string) => (existsSync(path) ? readdir(path) : []);
    const names = (await Promise.all(places.map(look))).flat();
    return names.filter((name) => {
      const pid = Number(/^(?:postgres|data)-(\d+)$/.exec(name)?.[1] ?? Number.NaN);
      return name.startsWith("multicloud-") || (pid > 0 && !isAlive(pid));
    });
  }

  /** Other runs may clear up theirs meanwhile. What a server leaves goes with its keeper, a moment after the demo. */
  async function expectNothingNew(before: readonly string[]): Promise<void> {
    const added = async () => (await leftovers()).filter((name) => !before.includes(name));
    await until(async () => (await added()).length === 0, { what: "nothing new lies around" });
  }

  for (const time of ["first", "second"]) {
    it(`runs all four kinds of jobs, the ${time} time`, async () => {
      const before = await leftovers();

      const args = ["run", "-s", "demo", "--", "--once", "--json"];
      const { exitCode, json, stderr } = await npm(args, { environment });

      expect(exitCode, stderr).to.equal(0);
      const queues: unknown = Reflect.get(Object(json), "queues");
      const names = ["sync", "cost-ingest", "health-check", "terraform-apply"];
      expect(Object.keys(Object(json))).to.deep.equal(["queues"]);
      expect(queues).to.have.all.keys(...names);
      for (const [name, queue] of Object.entries(Object(queues))) {
        expect(queue, name).to.have.all.keys("completed", "failed", "rows", "seconds");
        expect(queue, name).to.include({ failed: 0 });
        if (name === "terraform-apply" && stderr.includes("is skipped")) continue;
        expect(queue).to.have.property("completed").above(0);
        expect(queue).to.have.property("rows").above(0);
        expect(queue).to.have.property("seconds").above(0);
      }
      await expectNothingNew(before);
    });
  }

  it("leaves out what needs terraform where there is none, and says how to get it", async () => {
    const args = ["run", "-s", "demo", "--", "--once", "--json"];
    const without = { ...environment, TERRAFORM_BINARY: join(temporary, "terraform") };

    const { exitCode, json, stderr } = await npm(args, { environment: without });

    expect(exitCode, stderr).to.equal(0);
    const idle = { completed: 0, failed: 0, rows: 0, seconds: 0 };
    expect(json).to.have.deep.nested.property("queues.terraform-apply", idle);
    expect(stderr.match(/^terraform-apply is skipped: .*install/gm)).to.have.length(1);
  });

  /** Presses Ctrl-C as soon as the demo has said this, and returns what ended npm when all is gone that it started. */
  async function interruptAt(text: string): Promise<number | string | null> {
    const command = ["run", "-s", "demo", "--", "--once"];
    const stdio: StdioOptions = ["ignore", "ignore", "pipe"];
    const options = { cwd: checkout, env: environment, detached: true, stdio };
    const demo = spawn("npm", command, options);
    const exited = once(demo, "exit");
    const { pid = 0, stderr } = demo;
    let said = "";
    stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
    });
    try {
      const what = `the demo says ${text}`;
      await until(() => said.includes(text) || !isAlive(pid), { timeoutMs: 60_000, what });
      const started = await descendants(pid);
      process.kill(-pid, "SIGINT");
      await exited;
      const alive = () => started.filter(isAlive);
      await until(() => alive().length === 0, { what: "its processes are gone" });
    } finally {
      demo.kill("SIGKILL");
    }
    return demo.exitCode ?? demo.signalCode;
  }

  it("leaves nothing running or lying around when it is interrupted", async () => {
    const before = await leftovers();

    const moments = ["Starting PostgreSQL", " rows, "];
    const ends = await Promise.all(moments.map(interruptAt));

    // Npm ends itself by the signal that it got.
    expect(ends).to.deep.equal(["SIGINT", "SIGINT"]);
    await expectNothingNew(before);
  });
});
