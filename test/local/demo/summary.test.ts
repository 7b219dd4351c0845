import { expect } from "chai";
import { execa } from "execa";
import { describe, it } from "mocha";
import { environmentScript, problemsOf } from "../../../local/demo/summary.ts";

describe("environmentScript", () => {
  it("is read by a shell as it is meant, whatever the values hold", async () => {
    const script = environmentScript({ REATTACH: `{"a":"it's $HOME"}`, PATH: "/nowhere" });

    const { stdout } = await execa("sh", ["-c", `${script} printf %s "$REATTACH"`]);

    expect(stdout).to.equal(`{"a":"it's $HOME"}`);
  });
});

describe("problemsOf", () => {
  const health = (name: string, status: string) => ({ name, status, error_message: null });

  it("has none when everything works but the revoked key", () => {
    const checks = [health("AWS account", "healthy"), health("revoked AWS key", "error")];

    expect(problemsOf([], checks)).to.deep.equal([]);
  });

  it("names failed jobs and credentials that were misjudged", () => {
    const job = { queue: "sync", job_id: "1", state: "given-up" };
    const failed = { ...job, error_code: "DENIED", error_message: "no" };
    const checks = [health("AWS account", "error"), health("revoked AWS key", "healthy")];

    expect(problemsOf([failed], checks)).to.deep.equal([
      "sync 1 given-up: DENIED no",
      "the health of AWS account is error",
      "the health of revoked AWS key is healthy",
    ]);
  });
});
