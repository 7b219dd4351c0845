import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";

const root = join(import.meta.dirname, "../..");

describe("docs/reliability.md", () => {
  it("names tests that exist", async () => {
    const page = await readFile(join(root, "docs/reliability.md"), "utf8");
    const named = new Set(
      [...page.matchAll(/`((?:test|bench)\/[^`]+\.ts)`/g)].map(([, path]) => path ?? ""),
    );
    const missing: string[] = [];
    for (const path of named) await access(join(root, path)).catch(() => missing.push(path));

    expect(named.size).to.be.at.least(13);
    expect(missing).to.deep.equal([]);
  });

  it("states every promise with its test and a figure", async () => {
    const page = await readFile(join(root, "docs/reliability.md"), "utf8");
    const rows = page
      .split("\n")
      .filter((line) => line.startsWith("|") && !/^\| (promise|-)/.test(line));
    const incomplete = rows.filter((row) => {
      const [promise, test, figure] = row
        .split("|")
        .slice(1)
        .map((cell) => cell.trim());
      return !promise || !(test === "the same" || test?.includes("`")) || !figure;
    });

    expect(incomplete).to.deep.equal([]);
  });
});
