import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Credential } from "../../entities/credential.ts";
import { Resource } from "../../entities/resource.ts";
import { createSecrets } from "../../runtime/secrets/secret.ts";
import { addState } from "../../tables/terraform-states.ts";
import { openCredential } from "../../workers/authorise.ts";
import { rotateSecrets } from "../../workers/rotate-secrets.ts";
import { readStoredState, sealState } from "../../workers/terraform-state.ts";
import { newKey, type TestTenant, testTenant } from "../support/tenant.ts";

describe("rotateSecrets", () => {
  const oldKey = newKey("old");
  const currentKey = newKey("new");
  const before = createSecrets(oldKey);
  const both = createSecrets(`${currentKey},${oldKey}`);
  const after = createSecrets(currentKey);
  let tenant: TestTenant;

  beforeEach(async () => {
    tenant = await testTenant({}, { secrets: before });
  });
  afterEach(async () => tenant.close());

  /** The tenant seals with a key of its own, so the test seals the secrets itself. */
  const add = async (): Promise<number> => {
    const id = await tenant.addCredential({ provider: "aws", secrets: {} });
    const seal = (column: string): string =>
      before.seal(`clear ${column}`, { table: "credentials", id, column });
    await tenant.database.query(
      "UPDATE credentials SET access_key = $2, secret_key = $3 WHERE id = $1",
      [id, seal("access_key"), seal("secret_key")],
    );
    return id;
  };
  const open = async (secrets: typeof before, id: number) =>
    openCredential(
      secrets,
      await tenant.database.getRepository(Credential).findOneByOrFail({ id }),
    );

  it("seals credentials and states with the first key, so that the old one can go", async () => {
    const id = await add();
    const bytes = Buffer.from('{"version":4}');
    const resource = await tenant.database.getRepository(Resource).save({
      userId: tenant.userId,
      name: "r",
      provider: "aws",
      type: "vm",
    });
    const snapshot = { bytes, serial: 1, lineage: "l", managedInstances: 0, outputs: {} };
    const facts = { runId: "r", kind: "final" } as const;
    await addState(
      tenant.database.manager,
      resource.id,
      sealState(before, resource.id, facts, snapshot),
    );

    const rotation = await rotateSecrets(tenant.database, both);

    expect(rotation).to.deep.equal({ credentials: 1, states: 1, failed: [] });
    expect((await open(after, id)).cloud).to.include({ secretKey: "clear secret_key" });
    const stored = await readStoredState(after, tenant.database.manager, resource.id);
    expect(Buffer.from(stored?.bytes ?? []).toString()).to.equal('{"version":4}');
  });

  it("does nothing the second time", async () => {
    await add();
    await rotateSecrets(tenant.database, both);

    const again = await rotateSecrets(tenant.database, both);

    expect(again).to.deep.equal({ credentials: 0, states: 0, failed: [] });
  });

  it("goes on past secrets that do not open, names them and leaves them alone", async () => {
    const broken = await add();
    const good = await add();
    await tenant.database.query("UPDATE credentials SET access_key = 'v1.lost.x.y' WHERE id = $1", [
      broken,
    ]);

    const rotation = await rotateSecrets(tenant.database, both);

    expect(rotation.failed.map(({ id, column }) => ({ id, column }))).to.deep.equal([
      { id: broken, column: "access_key" },
    ]);
    expect((await open(after, good)).cloud).to.include({ accessKey: "clear access_key" });
    const left = await tenant.database.getRepository(Credential).findOneByOrFail({ id: broken });
    expect(left.accessKey).to.equal("v1.lost.x.y");
  });
});
