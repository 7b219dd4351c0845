import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { EntityManager } from "typeorm";
import { ResourceInventory } from "../../entities/resource-inventory.ts";
import { type InventoryRow, writeResources } from "../../tables/resource-inventory.ts";
import { addScopes } from "../../tables/sync-scopes.ts";
import { compareWithInventory, createSyncSeen } from "../../tables/sync-seen.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import { type Account, addAccount, inventory } from "../support/sync.ts";

describe("the inventory", () => {
  let test: TestDatabase;
  let manager: EntityManager;
  let account: Account;
  let scopeId: number;

  const scope = { accountId: "1", region: "r", kind: "k" };

  beforeEach(async () => {
    test = await testDatabase();
    manager = test.dataSource.createQueryRunner().manager;
    account = await addAccount(test.dataSource);
    await addScopes(manager, account, [scope, scope]);
    const stored: { id: number }[] = await manager.query("SELECT id FROM sync_scopes");
    scopeId = stored[0]?.id ?? 0;
    await createSyncSeen(manager);
  });
  afterEach(async () => {
    await manager.queryRunner?.release();
    await test.close();
  });

  const row = (number: number, changes: Partial<InventoryRow> = {}): InventoryRow => ({
    ...account,
    provider: "aws",
    accountId: "1",
    scopeId,
    resourceId: `id-${String(number).padStart(5, "0")}`,
    resourceName: null,
    resourceType: "vm",
    region: null,
    status: "running",
    metadata: { number },
    contentHash: `hash-${number}`,
    lastSynced: new Date("2026-03-01T10:00:00.123Z"),
    ...changes,
  });
  const rows = (count: number): InventoryRow[] =>
    Array.from({ length: count }, (_, number) => row(number));
  const compare = async (entries: InventoryRow[]) =>
    compareWithInventory(
      manager,
      { ...account, provider: "aws", accountId: "1", scopeId },
      entries.map(({ resourceId, contentHash, status }) => ({
        resourceId,
        contentHash: contentHash ?? "",
        isDeleted: status === "deleted",
      })),
    );

  describe("writeResources", () => {
    const lastId = async (): Promise<unknown> =>
      manager.query("SELECT last_value FROM resource_inventory_id_seq");

    it("writes every column of the entity, in as many batches as it takes, in any order", async () => {
      const written = await writeResources(manager, rows(2_500).toReversed());

      expect(written).to.deep.equal({ created: 2_500, updated: 0 });
      const stored = await inventory(test.dataSource, account);
      expect(stored).to.have.length(2_500);
      const { id, createdAt, missingSince, ...content } = stored[1_234] ?? new ResourceInventory();
      expect(content).to.deep.equal(row(1_234));
      expect(id).to.be.greaterThan(0);
      expect(createdAt).to.be.instanceOf(Date);
      expect(missingSince).to.equal(null);
    });

    it("changes what exists and creates the rest, without using up ids", async () => {
      await writeResources(manager, rows(3));
      const [first] = await inventory(test.dataSource, account);
      const before = await lastId();

      const changed = rows(3).map((known) => ({ ...known, resourceName: "new" }));
      expect(await writeResources(manager, changed)).to.deep.equal({ created: 0, updated: 3 });

      expect(await lastId()).to.deep.equal(before);
      const [after] = await inventory(test.dataSource, account);
      expect(after).to.deep.include({ id: first?.id, createdAt: first?.createdAt });
      expect(after?.resourceName).to.equal("new");
      expect(await writeResources(manager, rows(5))).to.deep.equal({ created: 2, updated: 3 });
    });

    it("brings a missing row back, but not one whose resource is deleted", async () => {
      await writeResources(manager, rows(2));
      await manager.query("UPDATE resource_inventory SET missing_since = now()");

      await writeResources(manager, [row(0), row(1, { status: "deleted" })]);

      const stored = await inventory(test.dataSource, account);
      expect(stored.map(({ missingSince }) => missingSince === null)).to.deep.equal([true, false]);
    });

    it("does not create a row for a deleted resource", async () => {
      const written = await writeResources(manager, [row(1, { status: "deleted" })]);

      expect(written).to.deep.equal({ created: 0, updated: 0 });
      expect(await inventory(test.dataSource, account)).to.deep.equal([]);
    });

    it("leaves the rows of another user with the same ids alone", async () => {
      const other = await addAccount(test.dataSource);
      await writeResources(manager, rows(2));

      await writeResources(manager, [row(0, { ...other, scopeId: null, resourceName: "theirs" })]);

      const mine = await inventory(test.dataSource, account);
      expect(mine.map(({ resourceName }) => resourceName)).to.deep.equal([null, null]);
      expect(await inventory(test.dataSource, other)).to.have.length(1);
    });
  });

  describe("compareWithInventory", () => {
    it("names what is new, changed or was missing, and counts what it sees first", async () => {
      await writeResources(manager, rows(4));
      await manager.query(
        "UPDATE resource_inventory SET missing_since = now() WHERE resource_id = 'id-00002'",
      );

      const page = [row(0), row(1, { contentHash: "other" }), row(2), row(9)];
      const first = await compare(page);
      const again = await compare([...page, row(3)]);

      expect(first.seen).to.equal(4);
      expect(first.changed).to.have.members(["id-00001", "id-00002", "id-00009"]);
      expect(again).to.deep.equal({ seen: 1, changed: [] });
    });

    it("names a deleted resource only while the inventory knows it otherwise", async () => {
      await writeResources(manager, rows(2));
      const deleted = { status: "deleted", contentHash: "deleted" };

      const page = [row(0, deleted), row(7, deleted)];
      expect(await compare(page)).to.deep.equal({ seen: 0, changed: ["id-00000"] });
      await writeResources(manager, [row(0, deleted)]);
      expect(await compare(page)).to.deep.equal({ seen: 0, changed: [] });

      expect(await compare([row(1)])).to.deep.equal({ seen: 1, changed: [] });
      expect(await compare([row(1, deleted)])).to.deep.equal({ seen: 0, changed: [] });
    });
  });

  describe("addScopes", () => {
    it("stores a scope once and uses up no ids for scopes that exist", async () => {
      const lastId = async (): Promise<unknown> =>
        manager.query("SELECT last_value FROM sync_scopes_id_seq");
      const before = await lastId();

      await addScopes(manager, account, [scope]);

      expect(await lastId()).to.deep.equal(before);
      const stored: unknown = await manager.query("SELECT region, kind FROM sync_scopes");
      expect(stored).to.deep.equal([{ region: "r", kind: "k" }]);
    });
  });
});
