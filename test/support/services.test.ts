import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import { describe, it } from "mocha";
import { query } from "./catalogue.ts";
import { testRedis } from "./redis.ts";
import { template } from "./template.ts";
import { until } from "./until.ts";

const tests = join(import.meta.dirname, "..");

describe("template", () => {
  it("gives every test its own copy of a database filled once", async () => {
    let fills = 0;
    const numbers = template(async (url) => {
      fills += 1;
      await query(url, "CREATE TABLE numbers AS SELECT generate_series(1, 3) AS n");
    });
    const [first, second] = await Promise.all([numbers.copy(), numbers.copy()]);

    await query(first.url, "DELETE FROM numbers");

    expect(await query(first.url, "SELECT n FROM numbers")).to.deep.equal([]);
    expect(await query(second.url, "SELECT n FROM numbers")).to.have.length(3);
    expect(fills).to.equal(1);
    await Promise.all([first.drop(), second.drop()]);
  });
});

describe("a run of tests", () => {
  it("ends although a test that failed left something open", async () => {
    const fixture = join(import.meta.dirname, "fixtures/leaves-open.ts");
    const mocha = join(tests, "../node_modules/mocha/bin/mocha.js");

    const { exitCode, stdout } = await execa(process.execPath, [mocha, fixture], {
      cwd: join(tests, ".."),
      reject: false,
      timeout: 50_000,
      killSignal: "SIGKILL",
    });

    expect(stdout).to.include("as if an expectation had failed");
    expect(exitCode).to.equal(1);
  });
});

describe("hooks", () => {
  it("stand in a suite: outside of one they would run for every test of all files", async () => {
    const files = (await readdir(tests, { recursive: true })).filter((file) =>
      file.endsWith(".ts"),
    );
    const outside: string[] = [];
    for (const file of files) {
      const text = await readFile(join(tests, file), "utf8");
      if (/^(before|after)(Each)?\(/m.test(text)) outside.push(file);
    }

    expect(files.length).to.be.above(100);
    expect(outside).to.deep.equal([]);
  });
});

describe("testRedis", () => {
  it("deletes its own keys and nobody else's at close", async () => {
    const mine = testRedis();
    const other = testRedis();
    await mine.connection().set(`${mine.prefix}:a`, "1");
    await other.connection().set(`${other.prefix}:a`, "1");

    await mine.close();

    const connection = other.connection();
    expect(await connection.exists(`${mine.prefix}:a`)).to.equal(0);
    expect(await connection.exists(`${other.prefix}:a`)).to.equal(1);
    await other.close();
  });
});

describe("until", () => {
  it("returns the first truthy value, retrying after failures", async () => {
    let calls = 0;
    const value = await until(() => {
      calls += 1;
      if (calls === 1) throw new Error("not yet");
      return calls === 3 && "done";
    });

    expect(value).to.equal("done");
  });

  it("says what it waited for and why it failed last", async () => {
    const last = new Error("still red");
    const waiting = until(() => Promise.reject(last), {
      timeoutMs: 30,
      what: "the light is green",
    });

    const error = await waiting.then(
      () => null,
      (thrown: Error) => thrown,
    );
    expect(error?.message).to.equal("waited 30 ms in vain until the light is green");
    expect(error?.cause).to.equal(last);
  });
});
