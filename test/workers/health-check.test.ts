import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { ProviderHealth } from "../../entities/provider-health.ts";
import { checkHealth } from "../../workers/health-check.ts";
import { type AwsWorld, setupAws } from "../support/aws.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";

describe("checkHealth", () => {
  let world: AwsWorld;
  let tenant: TestTenant;
  let credentialId: number;

  beforeEach(async () => {
    world = await setupAws();
    tenant = await testTenant({ aws: world.aws.url });
    credentialId = await tenant.addCredential(awsKeys());
  });
  afterEach(async () => {
    await tenant.close();
    await world.close();
  });

  const awsKeys = () => ({
    provider: "aws",
    secrets: { access_key: world.credential.accessKey, secret_key: world.credential.secretKey },
  });
  const check = async (id = credentialId) =>
    tenant.run("health-check", checkHealth, { credentialId: id });
  const row = async (id = credentialId): Promise<ProviderHealth> =>
    tenant.database.getRepository(ProviderHealth).findOneByOrFail({ credentialId: id });

  it("writes healthy with the time the provider took", async () => {
    const { outcome } = await check();

    expect(outcome).to.deep.include({ kind: "done" });
    const written = await row();
    expect(written).to.include({ status: "healthy", errorMessage: null, provider: "aws" });
    expect(written.responseTimeMs).to.be.a("number").that.is.at.least(0);
  });

  it("finds out that a key was revoked after a good check, and keeps one row", async () => {
    await check();
    const key = world.account.keys.get(world.credential.accessKey);
    if (key) key.revoked = true;

    const { outcome } = await check();

    expect(outcome).to.include({ kind: "done" });
    const written = await row();
    expect(written.status).to.equal("error");
    expect(written.errorMessage).to.match(/^CREDENTIAL_REJECTED: /);
    expect(written.errorMessage).not.to.include(world.credential.accessKey);
    expect(await tenant.database.getRepository(ProviderHealth).count()).to.equal(1);
  });

  it("calls a throttled provider degraded: it is alive", async () => {
    world.aws.faults.push({ operation: "sts:*", effect: { kind: "throttle" } });

    await check();

    expect(await row()).to.include({ status: "degraded" });
  });

  it("has no response time for a provider that gave no answer", async () => {
    world.aws.faults.push({ operation: "sts:*", effect: { kind: "reset" } });

    await check();

    expect(await row()).to.include({ status: "error", responseTimeMs: null });
  });

  it("damps silence after a good check: degraded, an error the third time, healthy after two answers", async () => {
    await check();
    const seen: string[] = [];
    const statuses = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) {
        await check();
        seen.push((await row()).status);
      }
    };
    world.aws.faults.push({ operation: "sts:*", effect: { kind: "reset" } });
    await statuses(4);
    world.aws.faults.clear();
    await statuses(2);

    expect(seen).to.deep.equal(["degraded", "degraded", "error", "error", "degraded", "healthy"]);
  });

  it("believes at once what the provider says, in both directions", async () => {
    const key = world.account.keys.get(world.credential.accessKey);
    const seen: string[] = [];
    for (const revoked of [false, true, false]) {
      if (key) key.revoked = revoked;
      await check();
      seen.push((await row()).status);
    }

    expect(seen).to.deep.equal(["healthy", "error", "healthy"]);
  });

  it("writes an error for a key file that no provider can be opened with", async () => {
    const secrets = { service_account_json: '{"type":"service_account"}' };
    const id = await tenant.addCredential({ provider: "gcp", secrets });

    const { outcome } = await check(id);

    expect(outcome).to.include({ kind: "done" });
    const written = await row(id);
    expect(written).to.include({ status: "error", responseTimeMs: null });
    expect(written.errorMessage).to.match(/^CREDENTIAL_INCOMPLETE: /);
  });

  it("refuses another user's credential and writes nothing", async () => {
    const stranger = await tenant.addUser();

    const { outcome } = await tenant.run("health-check", checkHealth, {
      userId: stranger,
      credentialId,
    });

    expect(outcome).to.include({ kind: "give-up", code: "CREDENTIAL_NOT_FOUND" });
    expect(outcome)
      .to.have.property("message")
      .that.matches(/^\/credentialId: /);
    expect(await tenant.database.getRepository(ProviderHealth).count()).to.equal(0);
  });

  it("gives up on a credential that is switched off, incomplete, of no known provider or sealed by another key", async () => {
    const ids = {
      CREDENTIAL_INACTIVE: await tenant.addCredential(awsKeys()),
      CREDENTIAL_INCOMPLETE: await tenant.addCredential({ provider: "azure", secrets: {} }),
      UNKNOWN_PROVIDER: await tenant.addCredential({ ...awsKeys(), provider: "ibm" }),
      CREDENTIAL_UNDECRYPTABLE: await tenant.addCredential(awsKeys()),
      INVALID_SETTINGS: await tenant.addCredential({ ...awsKeys(), settings: { regions: "all" } }),
    };
    await tenant.database.query("UPDATE credentials SET is_active = false WHERE id = $1", [
      ids.CREDENTIAL_INACTIVE,
    ]);
    await tenant.database.query(
      `UPDATE credentials SET secret_key = other.secret_key FROM credentials other
       WHERE credentials.id = $1 AND other.id = $2`,
      [ids.CREDENTIAL_UNDECRYPTABLE, credentialId],
    );

    for (const [code, id] of Object.entries(ids)) {
      const { outcome } = await check(id);
      expect(outcome, code).to.include({ kind: "give-up", code });
    }
  });
});
