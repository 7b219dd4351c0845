import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { instance, instances, ScriptedProvider } from "../support/scripted-provider.ts";
import { addAccount, runSync, type TestSync, testSync } from "../support/sync.ts";

const vms = "eu-west-1 ec2:instance";

describe("withSyncSession", () => {
  let here: TestSync;

  beforeEach(async () => {
    here = await testSync();
  });
  afterEach(async () => here.close());

  it("does not run beside another sync of the same credential, but beside any other", async () => {
    const other = await addAccount(here.database, here.account.userId);
    let second: unknown;
    let third: unknown;
    const meanwhile = async () => {
      const idle = new ScriptedProvider();
      second = (await runSync(here.database, idle, here.account)).outcome;
      third = (await runSync(here.database, idle, other)).outcome;
    };

    await here.result({ [vms]: [meanwhile, [instance(1)]] });

    expect(second).to.deep.include({ kind: "postpone", code: "SYNC_ALREADY_RUNNING" });
    expect(third).to.deep.include({ kind: "done" });
    expect(await here.result({ [vms]: [[instance(1)]] })).to.deep.include({ resources: 1 });
  });

  it("loses its lock with its connection, and writes nothing without it", async () => {
    let second: unknown;
    const cut = async () => {
      await here.database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted`,
      );
      const successor = new ScriptedProvider();
      successor.scripts = { [vms]: [[instance(1)]] };
      second = (await runSync(here.database, successor, here.account)).outcome;
    };

    const { outcome } = await here.sync({ [vms]: [cut, instances(1, 9)] });

    expect(second).to.deep.include({ kind: "done" });
    expect(outcome.kind).to.equal("retry");
    expect(await here.names()).to.deep.equal(["vm-1"]);
  });

  it("gives its connection back without locks and tables", async () => {
    for (const _ of [1, 2, 3]) await here.result({ [vms]: [[instance(1)]] });

    expect(
      await here.database.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory'`),
    ).to.deep.equal([]);
    expect(
      await here.database.query(`SELECT 1 FROM pg_class WHERE relname = 'sync_seen'`),
    ).to.deep.equal([]);
  });
});
