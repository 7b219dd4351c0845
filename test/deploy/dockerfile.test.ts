import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { validate } from "dockerfile-utils";
import { describe, it } from "mocha";

const root = join(import.meta.dirname, "../..");
const text = readFileSync(join(root, "Dockerfile"), "utf8");
const ignored = readFileSync(join(root, ".dockerignore"), "utf8").split("\n");

/** Instructions with their continuation lines joined, without comments. */
const instructions = text
  .replace(/^#.*\n/gm, "")
  .replace(/\\\n\s*/g, "")
  .split("\n")
  .filter((line) => line !== "");

/** Stages in order, each with its base and its instructions. */
const stages = instructions
  .join("\n")
  .split(/^(?=FROM )/m)
  .slice(1)
  .map(readStage);

function readStage(stage: string): { name: string; base: string; lines: string[] } {
  const [from = "", ...lines] = stage.trimEnd().split("\n");
  const [, base = "", name = ""] = /^FROM (\S+) AS (\S+)$/.exec(from) ?? [];
  return { name, base, lines };
}

/** What stands in the final image: the instructions of the last stage and of the stages it builds on. */
function finalLines(): string[] {
  const lines: string[] = [];
  let stage = stages.at(-1);
  while (stage) {
    lines.unshift(...stage.lines);
    const { base } = stage;
    stage = stages.find(({ name }) => name === base);
  }
  return lines;
}

describe("Dockerfile", () => {
  it("has nothing a builder or linter would object to", () => {
    expect(validate(text)).to.deep.equal([]);
    expect(validate(text.replace("USER 1000:1000", "USRE 1000:1000"))).to.have.length(1);
  });

  it("copies only files that exist and that the context does not leave out", () => {
    const copies = instructions.flatMap((line) => /^COPY ([^-].*) \S+$/.exec(line)?.[1] ?? []);
    const sources = copies.flatMap((paths) => paths.split(" "));

    expect(sources).to.include("package-lock.json");
    for (const source of sources) {
      expect(existsSync(join(root, source)), source).to.equal(true);
      expect(ignored).to.not.include(source);
    }
  });

  it("copies from other stages only what they make", () => {
    for (const { lines } of stages) {
      for (const line of lines) {
        const source = /^COPY --from=(\S+)/.exec(line)?.[1];
        if (source !== undefined) expect(stages.map(({ name }) => name)).to.include(source);
      }
    }
    const copied = finalLines().filter((line) => line.startsWith("COPY "));
    expect(copied).to.deep.equal([
      "COPY --from=dependencies /app/node_modules node_modules",
      "COPY --from=build /app/dist dist",
      "COPY package.json ./",
      "COPY --from=terraform ${TERRAFORM_PATH} /usr/local/bin/",
    ]);
  });

  it("installs production dependencies only", () => {
    const { lines = [] } = stages.find(({ name }) => name === "dependencies") ?? {};
    const installs = lines.filter((line) => line.startsWith("RUN npm install"));

    expect(installs).to.have.length(1);
    expect(installs[0]).to.include("--omit=dev").and.to.include("--ignore-scripts");
  });

  it("runs as an ordinary user, with signals, source maps and children looked after", () => {
    const lines = finalLines();

    expect(lines.findLast((line) => line.startsWith("USER "))).to.match(/^USER [1-9]\d*:[1-9]\d*$/);
    expect(lines).to.include(
      'ENTRYPOINT ["tini", "--", "node", "--enable-source-maps", "dist/cli/main.js"]',
    );
    expect(lines.find((line) => line.includes("apt-get install"))).to.include(" tini ");
  });

  it("says whether the process lives, on the port it is told to answer on", () => {
    const lines = finalLines();

    expect(lines.find((line) => line.startsWith("ENV "))).to.match(/ HEALTH_PORT=\d+ /);
    const check = /^HEALTHCHECK .*CMD (\[.*\])$/.exec(
      lines.find((line) => line.startsWith("HEALTHCHECK")) ?? "",
    );
    const [command, flag, program = ""]: string[] = JSON.parse(check?.[1] ?? "[]");
    expect([command, flag]).to.deep.equal(["node", "-e"]);
    expect(program).to.include("${process.env.HEALTH_PORT}/livez");
  });

  it("keeps secrets, tests and local files out of the context", () => {
    expect(ignored).to.include.members([".env*", ".git", ".local", "node_modules", "dist", "test"]);
  });
});
