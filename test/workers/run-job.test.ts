import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { ProviderError } from "../../providers/errors.ts";
import { GiveUpError, HandBackError, HeldError } from "../../workers/errors.ts";
import type { Handler } from "../../workers/handler.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type Deliveries, deliveries, delivery } from "../support/deliveries.ts";

describe("runJob", () => {
  let database: TestDatabase;
  let run: Deliveries["run"];
  let ledger: Deliveries["ledger"];

  beforeEach(async () => {
    database = await testDatabase();
    ({ run, ledger } = deliveries(database));
    await database.dataSource.query("CREATE TABLE effects (run TEXT)");
  });
  afterEach(async () => database.close());

  it("records what the handler returned", async () => {
    const { outcome } = await run(async () => ({ rows: 3 }));

    expect(outcome).to.deep.equal({ kind: "done", result: { rows: 3 } });
    const row = await ledger();
    expect(row).to.include({ state: "done", attempt: 1, starts: 1, userId: 1, credentialId: 2 });
    expect(row?.result).to.deep.equal({ rows: 3 });
    expect(row?.finishedAt).to.be.instanceOf(Date);
  });

  it("ends a malformed payload at once, with code and field, and keeps it without its secrets", async () => {
    const { outcome } = await run(
      async () => "never",
      delivery({ data: { userId: 1, credentialId: "7", password: "hunter2" } }),
    );

    expect(outcome).to.deep.equal({
      kind: "give-up",
      code: "INVALID_PAYLOAD",
      message: "/credentialId: expected a positive integer",
    });
    const row = await ledger();
    expect(row?.state).to.equal("given-up");
    expect(row?.payload).to.deep.equal({ userId: 1, credentialId: "7", password: "[redacted]" });
  });

  for (const data of [null, "text", 5, [1]]) {
    it(`ends a payload that is ${JSON.stringify(data)}`, async () => {
      const { outcome } = await run(async () => "never", delivery({ data }));

      expect(outcome).to.include({ kind: "give-up", code: "INVALID_PAYLOAD" });
    });
  }

  it("ends a payload of a version it does not know", async () => {
    const { outcome } = await run(
      async () => "never",
      delivery({ data: { v: 2, userId: 1, credentialId: 2 } }),
    );

    expect(outcome).to.include({ kind: "give-up", code: "UNSUPPORTED_VERSION" });
  });

  it("records results and messages that hold what PostgreSQL refuses", async () => {
    const done = await run(async () => ({ name: "a\0b", half: "\ud800" }));
    expect(done.outcome.kind).to.equal("done");
    expect((await ledger())?.result).to.deep.equal({ name: "a\ufffdb", half: "\ufffd" });

    await run(async () => Promise.reject(new GiveUpError("NO", "a\0b")), delivery({ retries: 1 }));
    expect(await ledger()).to.include({ state: "given-up", errorMessage: "a\ufffdb" });
  });

  it("tries again what may pass by itself, until the attempts are used up", async () => {
    const throttled: Handler<"sync"> = async () => {
      const facts = { provider: "aws", nativeCode: "Throttling", operation: "x" } as const;
      throw new ProviderError("THROTTLED", "slow down", { ...facts, retryAfterMs: 700 });
    };

    const first = await run(throttled);
    expect(first.outcome).to.deep.equal({
      kind: "retry",
      code: "THROTTLED",
      message: "slow down",
      afterMs: 700,
    });
    for (let attempt = 2; attempt <= 4; attempt += 1) await run(throttled);
    const last = await run(throttled);

    expect(last).to.deep.equal({
      attempt: 5,
      outcome: { kind: "failed", code: "THROTTLED", message: "slow down" },
    });
    expect(await ledger()).to.include({ state: "failed", attempt: 5, errorCode: "THROTTLED" });
  });

  it("gives up, holds and hands back as the handler says", async () => {
    const giveUp = await run(async () =>
      Promise.reject(new GiveUpError("NO", "not so", "/userId")),
    );
    expect(giveUp.outcome).to.deep.equal({
      kind: "give-up",
      code: "NO",
      message: "/userId: not so",
    });

    const held = await run(
      async () => Promise.reject(new HeldError("TOO_SMALL", "look at it")),
      delivery({ queuedAt: new Date() }),
    );
    expect(held.outcome.kind).to.equal("held");
  });

  it("does not count an attempt that a stopping worker handed back", async () => {
    const abort = new AbortController();
    const waiting: Handler<"sync"> = async (_, __, signal) => {
      abort.abort(new HandBackError());
      signal.throwIfAborted();
    };

    const first = await run(waiting, delivery(), abort.signal);
    const second = await run(async () => "done");

    expect(first.outcome.kind).to.equal("hand-back");
    expect(second.attempt).to.equal(1);
    expect(await ledger()).to.include({ state: "done", starts: 2 });
  });

  it("commits the last effects and the ledger's end together or not at all", async () => {
    const failing = await run(async ({ finish }) =>
      finish(async (manager) => {
        await manager.query("INSERT INTO effects VALUES ('half')");
        throw new Error("broken pipe in the middle");
      }),
    );
    expect(failing.outcome.kind).to.equal("retry");

    await run(async ({ finish }) =>
      finish(async (manager) => {
        await manager.query("INSERT INTO effects VALUES ('whole')");
        return { rows: 1 };
      }),
    );

    const effects: unknown = await database.dataSource.query("SELECT run FROM effects");
    expect(effects).to.deep.equal([{ run: "whole" }]);
    expect(await ledger()).to.deep.include({ state: "done", result: { rows: 1 } });
  });

  it("takes a database that became a standby for one that is away", async () => {
    const { outcome } = await run(async ({ commit }) =>
      commit(async (manager) => {
        await manager.query("SET TRANSACTION READ ONLY");
        await manager.query("INSERT INTO effects VALUES ('x')");
      }),
    );

    expect(outcome).to.include({ kind: "retry", code: "DATABASE_UNAVAILABLE" });
  });

  it("lets a worker that lost its claim commit nothing", async () => {
    const effect = async (manager: { query(sql: string): Promise<unknown> }): Promise<void> => {
      await manager.query("INSERT INTO effects VALUES ('zombie')");
    };
    const zombie = await run(async ({ commit }) => {
      const survivor = await run(async () => "by the survivor", delivery({ stalls: 1 }));
      expect(survivor.outcome.kind).to.equal("done");
      await commit(effect);
    });

    expect(zombie.outcome).to.deep.equal({ kind: "lost" });
    expect(await database.dataSource.query("SELECT * FROM effects")).to.deep.equal([]);
    expect(await ledger()).to.include({ state: "done" });
  });

  it("does not run again what an earlier worker finished before it died", async () => {
    await run(async () => ({ rows: 3 }));

    const again = await run(
      async () => Promise.reject(new Error("ran twice")),
      delivery({ stalls: 1 }),
    );

    expect(again.outcome).to.deep.equal({ kind: "done", result: { rows: 3 } });
  });

  it("does not run again what was committed although nobody heard of it", async () => {
    const unheard: Handler<"sync"> = async ({ commit }) => {
      await commit(async (manager) => {
        await manager.query("UPDATE job_runs SET state = 'done', finished_at = now()");
      });
      throw new Error("Connection terminated unexpectedly");
    };
    await run(unheard).catch(() => {});

    const again = await run(async () => Promise.reject(new Error("ran twice")));

    expect(again.outcome).to.include({ kind: "done" });
  });

  it("is done when the handler has finished, whatever goes wrong after that", async () => {
    const { outcome } = await run(async ({ finish }) => {
      await finish(async () => ({ rows: 1 }));
      throw new Error("Redis did not want to know");
    });

    expect(outcome).to.deep.equal({ kind: "done", result: { rows: 1 } });
  });

  it("runs a finished job again when an operator retries it", async () => {
    await run(async () => Promise.reject(new GiveUpError("NO", "not so")));

    const again = await run(async () => "mended", delivery({ retries: 1 }));

    expect(again).to.deep.equal({ attempt: 1, outcome: { kind: "done", result: "mended" } });
  });
});
