import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";

const root = join(import.meta.dirname, "../..");

describe("docs/operations.md", () => {
  it("names every variable that the configuration reads, and no other", async () => {
    const code = await readFile(join(root, "runtime/config.ts"), "utf8");
    const schema = code.slice(code.indexOf("const environment = z.object("));
    const read = [...schema.matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map((match) => match[1]);
    const page = await readFile(join(root, "docs/operations.md"), "utf8");
    const rows = page.split("\n").filter((line) => line.startsWith("| `"));
    const variables = rows.flatMap(
      (line) => (line.split("|")[1] ?? "").match(/[A-Z][A-Z_]+/g) ?? [],
    );

    expect(variables).to.have.members(read);
  });
});
