import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";

const root = join(import.meta.dirname, "../..");
const program = `
  import { openLog } from "./runtime/log.ts";
  const log = openLog("worker", "info");
  process.stdin.on("end", () => {
    for (const line of [1, 2, 3]) log.info({ line }, "nobody reads this");
    process.exit(7);
  });
  process.stdin.resume();
  log.info("started");`;

describe("the log of a process", () => {
  it("lets it end although nobody reads it any more", async () => {
    const imports = ["--import=tsx", "--input-type=module"];
    const child = spawn(process.execPath, [...imports, "-e", program], {
      cwd: root,
      stdio: ["pipe", "pipe", "inherit"],
      timeout: 50_000,
      killSignal: "SIGKILL",
    });
    const exit = once(child, "exit");
    try {
      const [line]: Buffer[] = await once(child.stdout, "data");
      expect(JSON.parse(String(line))).to.include({ msg: "started", role: "worker" });
      child.stdout.destroy();
      await once(child.stdout, "close");
      child.stdin.end();

      expect(await exit).to.deep.equal([7, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });
});
