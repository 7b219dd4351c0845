import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { enqueueAll } from "../../queues/enqueue.ts";
import type { Queues } from "../../queues/open-queues.ts";
import { InvalidPayloadError } from "../../queues/parse-payload.ts";
import { failureOf } from "../support/failure.ts";
import { type TestQueues, testQueues } from "../support/queues.ts";

describe("enqueueAll", () => {
  let test: TestQueues;
  let queues: Queues;

  beforeEach(() => {
    test = testQueues();
    ({ queues } = test);
  });
  afterEach(async () => test.close());

  const payload = (credentialId: number) => ({ userId: 1, credentialId });

  it("adds every job with its id and delay and returns the ids in order", async () => {
    const ids = await enqueueAll(queues.sync, "sync", [
      { payload: payload(7), options: { jobId: "b", delayMs: 60_000 } },
      { payload: payload(8), options: { jobId: "a" } },
    ]);

    expect(ids).to.deep.equal(["b", "a"]);
    expect(await queues.sync.getJobCounts("delayed", "prioritized")).to.deep.equal({
      delayed: 1,
      prioritized: 1,
    });
    expect((await queues.sync.getJob("b"))?.data).to.deep.equal(payload(7));
  });

  it("adds none when one of them is invalid", async () => {
    const adding = enqueueAll(queues.sync, "sync", [
      { payload: payload(7) },
      { payload: payload(-1) },
    ]);

    const error = await failureOf(adding, InvalidPayloadError);

    expect(error.message).to.contain("/credentialId");
    expect(await queues.sync.getWaitingCount()).to.equal(0);
  });

  it("leaves a job as it is whose id is known", async () => {
    const job = { payload: payload(7), options: { jobId: "one" } };
    await enqueueAll(queues.sync, "sync", [job]);

    await enqueueAll(queues.sync, "sync", [{ ...job, payload: payload(8) }]);

    expect((await queues.sync.getJobs()).map(({ data }) => data)).to.deep.equal([payload(7)]);
  });
});
