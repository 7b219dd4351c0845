import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { ResourceInventory } from "../../entities/resource-inventory.ts";
import { instance, instances } from "../support/scripted-provider.ts";
import { addAccount, inventory, noRows, type TestSync, testSync } from "../support/sync.ts";

const vms = "eu-west-1 ec2:instance";
const longAgo = new Date("2024-02-11T10:00:00Z");

describe("rows that another service wrote", () => {
  let here: TestSync;

  beforeEach(async () => {
    here = await testSync();
  });
  afterEach(async () => here.close());

  /** A row as the platform's backend writes it: it knows neither accounts nor scopes. */
  const write = async (resourceId: string, changes: Partial<ResourceInventory> = {}) =>
    here.database.manager.save(ResourceInventory, {
      userId: here.account.userId,
      resourceId,
      resourceName: "by another",
      resourceType: "vm",
      provider: "aws",
      status: "running",
      createdAt: longAgo,
      lastSynced: longAgo,
      ...changes,
    });

  const arn = instance(1).resourceId;
  for (const [what, spelling] of [
    ["its ARN", arn],
    ["the provider's own id", "i-000001"],
    ["another case", arn.toUpperCase()],
  ] as const) {
    it(`is taken over with its key and its age when it names the resource by ${what}`, async () => {
      const { id } = await write(spelling);

      const found = await here.result({ [vms]: [instances(1, 2)] });

      expect(found).to.deep.include({ rows: { ...noRows, created: 1, updated: 1 } });
      const [row, ...others] = await here.rows();
      const scopeId = (await here.scope(vms)).id;
      expect(row).to.deep.include({ id, createdAt: longAgo, resourceId: arn, scopeId });
      expect(row).to.deep.include({ accountId: "123456789012", resourceName: "vm-1" });
      expect(others).to.have.length(1);
      expect(await here.result({ [vms]: [instances(1, 2)] })).to.deep.include({
        rows: { ...noRows, unchanged: 2 },
      });
    });
  }

  it("goes like any other row when its resource is gone", async () => {
    await write(arn);
    await here.result({ [vms]: [[instance(1)]] });

    for (const _ of [1, 2]) await here.result({ [vms]: [] });

    expect(await here.rows()).to.deep.equal([]);
  });

  it("stays as it is when no listing names it", async () => {
    const other = await addAccount(here.database);
    const rows = await Promise.all([
      write("i-000009"),
      write("i-000001", { provider: "gcp" }),
      write("i-000002", { resourceType: "storage" }),
    ]);
    const foreign = await write(arn, { userId: other.userId });

    await here.result({ [vms]: [instances(1, 2)] });

    const left = (await here.rows()).filter((row) => row.accountId === null);
    expect(left.map(({ id }) => id)).to.have.members(rows.map(({ id }) => id));
    expect(await inventory(here.database, other)).to.deep.equal([
      await here.database.manager.findOneByOrFail(ResourceInventory, { id: foreign.id }),
    ]);
    expect((await inventory(here.database, other))[0]?.accountId).to.equal(null);
  });

  it("stays beside a row of the same resource that a sync wrote", async () => {
    await here.result({ [vms]: [[instance(1)]] });
    const { id } = await write("i-000001");

    expect(await here.result({ [vms]: [[instance(1)]] })).to.deep.include({
      rows: { ...noRows, unchanged: 1 },
    });
    expect((await here.rows()).map((row) => row.id)).to.include(id);
  });
});
