import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { CostData } from "../../entities/cost-data.ts";
import { CostLoad } from "../../entities/cost-load.ts";
import { Credential } from "../../entities/credential.ts";
import { ProviderHealth } from "../../entities/provider-health.ts";
import { Resource } from "../../entities/resource.ts";
import { ResourceInventory } from "../../entities/resource-inventory.ts";
import { Schedule } from "../../entities/schedule.ts";
import { SyncScope } from "../../entities/sync-scope.ts";
import { TerraformRun } from "../../entities/terraform-run.ts";
import { TerraformState } from "../../entities/terraform-state.ts";
import { User } from "../../entities/user.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

let test: TestDatabase;

describe("rows of users", () => {
  beforeEach(async () => {
    test = await testDatabase();
  });
  afterEach(() => test.close());

  describe("identity of a resource", () => {
    it("lets two users hold the same resource of the same account", async () => {
      const [first, second] = [await addUser(), await addUser()];

      await addInventory(first, { accountId: "111" });
      await addInventory(second, { accountId: "111" });

      expect(await test.dataSource.manager.countBy(ResourceInventory, { userId: first })).to.equal(
        1,
      );
      expect(await test.dataSource.manager.countBy(ResourceInventory, { userId: second })).to.equal(
        1,
      );
    });

    it("lets one user hold the same id in two accounts and at two providers", async () => {
      const userId = await addUser();

      await addInventory(userId, { accountId: "111" });
      await addInventory(userId, { accountId: "222" });
      await addInventory(userId, { accountId: "111", provider: "gcp" });

      expect(await test.dataSource.manager.countBy(ResourceInventory, { userId })).to.equal(3);
    });

    for (const accountId of ["111", null]) {
      it(`refuses the same resource twice when the account is ${accountId ?? "not known"}`, async () => {
        const userId = await addUser();
        await addInventory(userId, { accountId });

        const error = await addInventory(userId, { accountId }).catch((thrown: Error) => thrown);

        expect(error)
          .to.be.an("error")
          .with.property("constraint", "resource_inventory_identity_key");
      });
    }
  });

  describe("deleting", () => {
    it("a user takes everything of that user along and nothing of another", async () => {
      const [gone, stays] = [await addUser(), await addUser()];
      await addOneOfEach(gone);
      await addOneOfEach(stays);
      const both = await countRows();

      await test.dataSource.manager.delete(User, gone);

      const rest = await countRows();
      expect(Object.keys(both)).to.have.length(11);
      for (const [table, count] of Object.entries(both)) {
        expect([count, rest[table]], table).to.deep.equal([2, 1]);
      }
    });

    it("a credential keeps what was learnt through it, without what only concerns the credential", async () => {
      const userId = await addUser();
      const { credentialId } = await addOneOfEach(userId);

      await test.dataSource.manager.delete(Credential, credentialId);

      const { manager } = test.dataSource;
      for (const Kept of [ResourceInventory, CostData, Resource]) {
        const row = await manager.findOneByOrFail(Kept, { userId });
        expect(row.credentialId, Kept.name).to.equal(null);
      }
      for (const Removed of [ProviderHealth, SyncScope, CostLoad, Schedule]) {
        expect(await manager.countBy(Removed, { userId }), Removed.name).to.equal(0);
      }
    });

    it("a resource takes its states and runs along", async () => {
      const userId = await addUser();
      const { resourceId } = await addOneOfEach(userId);

      await test.dataSource.manager.delete(Resource, resourceId);

      expect(await test.dataSource.manager.countBy(TerraformState, { resourceId })).to.equal(0);
      expect(await test.dataSource.manager.countBy(TerraformRun, { resourceId })).to.equal(0);
    });
  });
});

async function addUser(): Promise<number> {
  const email = `${crypto.randomUUID()}@example.com`;
  const user = await test.dataSource.manager.save(User, { email, hashedPassword: "$2b$12$x" });
  return user.id;
}

async function addInventory(
  userId: number,
  row: { accountId: string | null; provider?: string; credentialId?: number; scopeId?: number },
): Promise<void> {
  const shape = { provider: "aws", resourceId: "i-1", resourceType: "vm" };
  await test.dataSource.manager.insert(ResourceInventory, { userId, ...shape, ...row });
}

async function addOneOfEach(userId: number) {
  const { manager } = test.dataSource;
  const provider = "aws";
  const credential = await manager.save(Credential, { userId, provider });
  const credentialId = credential.id;
  const listing = { userId, credentialId, accountId: "111", region: "us-east-1", kind: "ec2" };
  const scope = await manager.save(SyncScope, listing);
  await addInventory(userId, { accountId: "111", credentialId, scopeId: scope.id });
  await manager.insert(CostData, { userId, credentialId, provider, cost: "1", date: "2024-02-11" });
  const load = { source: "focus-file", sourceVersion: "1", scope: {}, state: "loaded" } as const;
  await manager.insert(CostLoad, { userId, credentialId, ...load, rows: 1, totals: { USD: "1" } });
  await manager.insert(ProviderHealth, { userId, credentialId, provider, status: "healthy" });
  const times = { queue: "sync", cron: "0 3 * * *" };
  await manager.insert(Schedule, { userId, credentialId, name: crypto.randomUUID(), ...times });
  const managed = { userId, credentialId, provider, name: "web", type: "vm" };
  const resource = await manager.save(Resource, managed);
  const resourceId = resource.id;
  await manager.insert(TerraformState, { resourceId, stateData: {} });
  const run = { action: "apply", state: "applied", stage: "persisting" } as const;
  const ids = { id: crypto.randomUUID(), jobRunId: crypto.randomUUID() };
  await manager.insert(TerraformRun, { ...ids, resourceId, ...run });
  return { credentialId, resourceId };
}

/** Rows per table, without the ledger, whose history outlives users. */
async function countRows(): Promise<Record<string, number>> {
  const outlives = ["job_runs", "job_requests"];
  const owned = test.dataSource.entityMetadatas.filter(
    (entity) => !outlives.includes(entity.tableName),
  );
  const counts: Record<string, number> = {};
  for (const { tableName, target } of owned) {
    counts[tableName] = await test.dataSource.manager.count(target);
  }
  return counts;
}
