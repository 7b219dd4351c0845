import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { LostClaimError } from "../../tables/claims.ts";
import type { Handler } from "../../workers/handler.ts";
import { poisonedAfterCrashes } from "../../workers/run-job.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type Deliveries, deliveries, delivery } from "../support/deliveries.ts";
import { failureOf } from "../support/failure.ts";

describe("runJob, when workers fall silent", () => {
  let database: TestDatabase;
  let run: Deliveries["run"];
  let ledger: Deliveries["ledger"];

  beforeEach(async () => {
    database = await testDatabase();
    ({ run, ledger } = deliveries(database));
  });
  afterEach(async () => database.close());

  it("ends a job that keeps killing its worker", async () => {
    const crash: Handler<"sync"> = async () => {
      await database.dataSource.query(
        "UPDATE job_runs SET fencing_token = fencing_token + 1, heartbeat_at = heartbeat_at - interval '10 s'",
      );
    };
    // The token moves under the handler's feet, so its end is never recorded: to the next claim it crashed.
    for (let start = 1; start <= poisonedAfterCrashes; start += 1) {
      await run(crash, delivery({ stalls: start - 1 })).catch(() => {});
    }

    const last = await run(async () => "never", delivery({ stalls: 3 }));

    expect(last.outcome).to.include({ kind: "give-up", code: "POISONED" });
  });

  it("does not take an outage of Redis for a worker that died, be it that the worker runs on", async () => {
    let isTaken = false;
    // Redis, back again, gave the job to another worker before this one noticed that its lock was gone.
    const takeAgain: Handler<"sync"> = async () => {
      if (isTaken) return "by the other";
      isTaken = true;
      const other = await run(takeAgain, delivery({ stalls: 1 }));
      expect(other.outcome).to.deep.equal({ kind: "done", result: "by the other" });
      expect(await ledger()).to.include({ starts: 2, crashes: 0, attempt: 1 });
      return "too late";
    };

    expect(await failureOf(run(takeAgain))).to.be.instanceOf(LostClaimError);
  });

  it("does not take an outage of Redis for a worker that died, be it that the worker stopped", async () => {
    const lockLost = AbortSignal.abort(new LostClaimError("unknown"));
    for (let outage = 0; outage <= poisonedAfterCrashes; outage += 1) {
      const { outcome } = await run(async () => "never", delivery({ stalls: outage }), lockLost);
      expect(outcome.kind).to.equal("lost");
      expect(await ledger()).to.include({ state: "handed-back", crashes: 0 });
    }

    const last = await run(async () => "done at last", delivery({ stalls: 4 }));

    expect(last).to.deep.equal({ attempt: 1, outcome: { kind: "done", result: "done at last" } });
  });

  it("does not take an outage of the ledger for a worker that died", async () => {
    const outage: Handler<"sync"> = async () => {
      await database.dataSource.query("UPDATE job_runs SET fencing_token = fencing_token + 1");
    };
    // Nothing could be recorded, but the queue never lost sight of the worker: the stalls stay as they were.
    for (let start = 1; start <= poisonedAfterCrashes + 1; start += 1) {
      await run(outage, delivery()).catch(() => {});
    }

    const last = await run(async () => "done at last");

    expect(last.outcome).to.deep.equal({ kind: "done", result: "done at last" });
    expect(await ledger()).to.include({ crashes: 0 });
  });
});
