import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { z } from "zod";
import { makeProgram } from "../../cli/program.ts";

const root = join(import.meta.dirname, "../..");

/** Every page, with its text. */
async function pages(): Promise<string[]> {
  const docs = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md"));
  const paths = ["README.md", "CONTRIBUTING.md", ...docs.map((name) => join("docs", name))];
  return Promise.all(paths.map(async (path) => readFile(join(root, path), "utf8")));
}

/** The words of each match up to the first that is no plain word: `credentials add`. */
function commandsIn(text: string): string[] {
  const found = text.matchAll(/multicloud (?:-- )?((?:[a-z-]+ ?)+)/g);
  return [...found].map((match) => (match[1] ?? "").trim());
}

describe("commands in the documentation", () => {
  it("exist, with their subcommands", async () => {
    const texts = await pages();
    const blocks = texts.flatMap(
      (text) => text.match(/```(?:bash|sh)\n[\s\S]*?```|`[^`\n]+`/g) ?? [],
    );
    const commands = new Set(blocks.flatMap(commandsIn));
    expect(commands).to.include.members(["migrate", "worker", "credentials rotate"]);

    const program = makeProgram();
    for (const command of commands) {
      const [name = "", second = ""] = command.split(" ");
      const known = program.commands.find((candidate) => candidate.name() === name);
      expect(known?.name(), command).to.equal(name);
      const inner = known?.commands.map((candidate) => candidate.name()) ?? [];
      if (inner.length > 0 && second) expect(inner, command).to.include(second);
    }
  });

  it("of npm are scripts of the package", async () => {
    const manifest: unknown = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(manifest);
    const used = (await pages()).flatMap((text) =>
      [...text.matchAll(/npm run (?:-s )?([a-z:]+)/g)].map((match) => match[1] ?? ""),
    );

    expect(Object.keys(scripts)).to.include.members([...new Set(used)]);
  });
});
