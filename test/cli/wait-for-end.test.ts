import { expect } from "chai";
import { describe, it } from "mocha";
import { waitForEnd } from "../../cli/wait-for-end.ts";
import { JobRun, type JobRunState } from "../../entities/job-run.ts";
import { failureOf } from "../support/failure.ts";

describe("waitForEnd", () => {
  const runIn = (state: JobRunState): JobRun => Object.assign(new JobRun(), { state });

  it("looks until the job has ended", async () => {
    const states: JobRunState[] = ["queued", "running", "done", "rejected"];
    const look = async () => runIn(states.shift() ?? "failed");

    const run = await waitForEnd(look, AbortSignal.timeout(5_000));

    expect(run?.state).to.equal("done");
    expect(states).to.deep.equal(["rejected"]);
  });

  it("returns what it saw last when the time is up, after one more look", async () => {
    const abort = new AbortController();
    let looks = 0;
    const look = async () => {
      looks += 1;
      if (looks === 2) abort.abort();
      return looks === 1 ? null : runIn("running");
    };

    expect((await waitForEnd(look, abort.signal))?.state).to.equal("running");
    expect(looks).to.equal(2);
  });

  it("does not go on when the ledger cannot be read", async () => {
    const problem = new Error("away");

    const error = await failureOf(
      waitForEnd(async () => Promise.reject(problem), AbortSignal.timeout(5_000)),
    );

    expect(error).to.equal(problem);
  });
});
