import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { describe, it } from "mocha";
import { type CommandResult, multicloud, npm } from "../support/command.ts";

const { PATH = "", HOME = "" } = process.env;
const environment = { PATH, HOME };

/** With the arguments as they are: `multicloud` puts `-o json` behind them. */
async function plain(...args: string[]): Promise<CommandResult> {
  return npm(["run", "-s", "multicloud", "--", ...args], { environment });
}

describe("the command line, asked for JSON", function () {
  this.timeout(60_000);

  it("prints help and version as one JSON document", async () => {
    const [root, group, inner, version] = await Promise.all([
      multicloud(["--help"], { environment }),
      multicloud(["users", "--help"], { environment }),
      multicloud(["help", "migrate"], { environment }),
      multicloud(["--version"], { environment }),
    ]);

    expect([root, group, inner, version].map(({ exitCode }) => exitCode)).to.deep.equal([
      0, 0, 0, 0,
    ]);
    expect(root.json).to.have.property("text").that.includes("credentials");
    expect(group.json).to.have.property("text").that.includes("add");
    expect(inner.json).to.have.property("text").that.includes("schema");
    expect(version.json)
      .to.have.property("text")
      .that.matches(/^\d+\.\d+\.\d+/);
  });

  it("takes -o json before the name of a command too", async () => {
    const asked = await Promise.all([
      plain("-o", "json", "users", "add", "--email", "none"),
      plain("users", "--output=json", "add", "--email", "none"),
    ]);

    for (const { exitCode, json } of asked) {
      expect(exitCode).to.equal(1);
      expect(json).to.have.nested.property("error.code", "CONFIG_INVALID");
    }
  });

  it("calls every wrong use USAGE", async () => {
    const asked = await Promise.all([
      multicloud([], { environment }),
      multicloud(["users"], { environment }),
      multicloud(["laundry"], { environment }),
      multicloud(["users", "add"], { environment }),
    ]);

    for (const { exitCode, json } of asked) {
      expect(exitCode).to.equal(1);
      expect(json).to.have.nested.property("error.code", "USAGE");
    }
    expect(asked[3]?.json).to.deep.equal({
      error: { code: "USAGE", message: "required option '--email <address>' not specified" },
    });
  });
});

describe("the command line, read only in part", () => {
  it("ends without a word", async () => {
    const command = spawn(process.execPath, ["--import", "tsx", "cli/main.ts", "--help"]);
    command.stdout.destroy();
    command.stderr.setEncoding("utf8");

    const [said, [exitCode]] = await Promise.all([text(command.stderr), once(command, "exit")]);

    expect({ said, exitCode }).to.deep.equal({ said: "", exitCode: 0 });
  }).timeout(60_000);
});
