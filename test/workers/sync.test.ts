import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { HandBackError } from "../../workers/errors.ts";
import {
  instance,
  instances,
  ScriptedProvider,
  type Step,
  trouble,
} from "../support/scripted-provider.ts";
import {
  addAccount,
  inventory,
  noRows,
  noScopes,
  runSync,
  type TestSync,
  testSync,
} from "../support/sync.ts";

const vms = "eu-west-1 ec2:instance";
const disks = "eu-west-1 ec2:volume";

describe("syncCredential", () => {
  let here: TestSync;

  beforeEach(async () => {
    here = await testSync();
  });
  afterEach(async () => here.close());

  it("writes what it finds, with scope and counts", async () => {
    const found = await here.result({ [vms]: [[], instances(1, 2), [instance(3)]], [disks]: [] });

    expect(found).to.deep.equal({
      resources: 3,
      rows: { ...noRows, created: 3 },
      scopes: { ...noScopes, complete: 2 },
    });
    const [row] = await here.rows();
    const { id } = await here.scope(vms);
    expect(row).to.deep.include({
      userId: here.account.userId,
      credentialId: here.account.credentialId,
      accountId: "123456789012",
      provider: "aws",
      resourceName: "vm-1",
      resourceType: "vm",
      region: "eu-west-1",
      status: "running",
      scopeId: id,
      missingSince: null,
      metadata: instance(1).metadata,
    });
    expect(await here.scope(vms)).to.include({
      outcome: "complete",
      pages: 3,
      resources: 3,
      errorCode: null,
    });
    expect(here.provider.isClosed).to.equal(true);
  });

  it("changes nothing but freshness when nothing changed, and ten rows when ten changed", async () => {
    const account5000 = (changed: number): Step[] =>
      [0, 1, 2, 3, 4].map((page) =>
        instances(page * 1_000 + 1, page * 1_000 + 1_000).map((resource, index) =>
          index % 500 === 7 && page < changed / 2 ? { ...resource, status: "stopped" } : resource,
        ),
      );
    const content = async () =>
      here.database.query(
        `SELECT id, to_jsonb(r) - 'last_synced' AS row FROM resource_inventory r ORDER BY id`,
      );
    const versions = async (): Promise<Map<number, string>> => {
      const rows: { id: number; xmin: string }[] = await here.database.query(
        `SELECT id, xmin::text FROM resource_inventory`,
      );
      return new Map(rows.map(({ id, xmin }) => [id, xmin]));
    };
    expect(await here.result({ [vms]: account5000(0) })).to.deep.include({
      rows: { ...noRows, created: 5_000 },
    });
    const before: unknown = await content();
    const [first] = await here.rows();

    expect(await here.result({ [vms]: account5000(0) })).to.deep.include({
      rows: { ...noRows, unchanged: 5_000 },
    });
    expect(await content()).to.deep.equal(before);
    const fresh: { count: number }[] = await here.database.query(
      `SELECT count(*)::int FROM resource_inventory WHERE last_synced > $1`,
      [first?.lastSynced],
    );
    expect(fresh).to.deep.equal([{ count: 5_000 }]);

    const old = await versions();
    const found = await here.result({ [vms]: account5000(10) }, { touchAfterSeconds: 3_600 });
    expect(found).to.deep.include({ rows: { ...noRows, updated: 10, unchanged: 4_990 } });
    const changed = [...(await versions())].filter(([id, xmin]) => old.get(id) !== xmin);
    expect(changed).to.have.length(10);
  });

  it("counts a resource once that comes twice, on one page or on two", async () => {
    const twice = [instance(1), instance(1, { name: "later" }), instance(2)];
    const found = await here.result({
      [vms]: [twice, [instance(2, { name: "later" }), instance(3)]],
    });

    expect(found).to.deep.include({ resources: 3, rows: { ...noRows, created: 3 } });
    expect(await here.names()).to.deep.equal(["vm-1", "vm-2", "vm-3"]);
  });

  it("stops when the credential is rejected: no scope is complete after that", async () => {
    const later = Array.from({ length: 8 }, (_, index) => `r${index} ec2:instance`);
    const scripts = Object.fromEntries(later.map((key) => [key, [[instance(1)]]]));
    const { outcome } = await here.sync({ [vms]: [trouble("CREDENTIAL_REJECTED")], ...scripts });

    expect(outcome).to.deep.include({ kind: "give-up", code: "CREDENTIAL_REJECTED" });
    expect(await here.scope(vms)).to.include({ outcome: "denied" });
    for (const key of later) {
      expect((await here.scope(key)).outcome, key).not.to.equal("complete");
    }
  });

  it("stops soon when it is aborted and takes nothing for gone", async () => {
    await here.result({ [vms]: [instances(1, 3)] });
    const abort = new AbortController();
    const stop = async () => abort.abort(new HandBackError());

    const { outcome } = await here.sync(
      { [vms]: [[instance(1)], stop, []] },
      { signal: abort.signal },
    );

    expect(outcome).to.deep.equal({ kind: "hand-back" });
    expect((await here.rows()).every((row) => row.missingSince === null)).to.equal(true);
    expect(await here.scope(vms)).to.include({
      outcome: "partial",
      errorCode: "WORKER_STOPPING",
    });
  });

  it("writes nothing more once another worker has claimed the job", async () => {
    await here.result({ [vms]: [instances(1, 3)] });
    const claimedByAnother = async () => {
      await here.database.query(`UPDATE job_runs SET fencing_token = fencing_token + 1`);
    };

    const { outcome } = await here.sync({ [vms]: [claimedByAnother, [instance(9)]] });

    expect(outcome).to.deep.equal({ kind: "lost" });
    expect(await here.names()).to.deep.equal(["vm-1", "vm-2", "vm-3"]);
    expect(await here.scope(vms)).to.include({ outcome: "complete" });
  });

  it("keeps two users apart who connected one cloud account", async () => {
    const other = await addAccount(here.database);
    const emptied = new ScriptedProvider();
    await here.result({ [vms]: [instances(1, 2)] });
    const mine = await here.rows();
    emptied.scripts = { [vms]: [instances(1, 2)] };
    await runSync(here.database, emptied, other);
    emptied.scripts = { [vms]: [] };
    for (const _ of [1, 2]) await runSync(here.database, emptied, other);

    expect(await inventory(here.database, other)).to.deep.equal([]);
    expect(await here.rows()).to.deep.equal(mine);
  });

  it("leaves rows to the credential that saw them last", async () => {
    const second = await addAccount(here.database, here.account.userId);
    const other = new ScriptedProvider();
    other.scripts = { [vms]: [instances(1, 2)] };
    await here.result({ [vms]: [instances(1, 2)] });
    await runSync(here.database, other, second);

    expect(await here.result({ [vms]: [] })).to.deep.include({ rows: noRows });
    expect((await here.rows()).map((row) => row.credentialId)).to.deep.equal([
      second.credentialId,
      second.credentialId,
    ]);
  });

  it("gives up on a credential of another user before it asks the provider", async () => {
    const other = await addAccount(here.database);
    const foreign = { userId: here.account.userId, credentialId: other.credentialId };
    here.provider.scripts = { [vms]: [[instance(1)]] };

    const { outcome } = await runSync(here.database, here.provider, foreign);

    expect(outcome).to.include({ kind: "give-up", code: "CREDENTIAL_NOT_FOUND" });
    expect(here.provider.listed).to.deep.equal([]);
  });
});
