import { hostname } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Credential } from "../../entities/credential.ts";
import { isAlive } from "../../terraform/process-identity.ts";
import { exists } from "../../terraform/work-directory.ts";
import { abandonApply, saveLeftRun } from "../support/abandoned-apply.ts";
import { requireTerraform } from "../support/terraform.ts";
import { awsKeys, type TerraformTenant, terraformTenant } from "../support/terraform-tenant.ts";
import { until } from "../support/until.ts";

const azureSecrets = {
  tenant_id: "11111111-1111-1111-1111-111111111111",
  client_id: "22222222-2222-2222-2222-222222222222",
  client_secret: "Q~8~simulated",
  subscription_id: "00000000-0000-0000-0000-000000000000",
};

describe("applyTerraform and the credential of its resource", function () {
  this.timeout(60_000);
  let binary: string;
  let tenant: TerraformTenant;

  beforeEach(async function () {
    binary = await requireTerraform(this);
    tenant = await terraformTenant(binary);
  });
  afterEach(async () => tenant?.close());

  const refusal = async (credentialId: number | null): Promise<unknown> => {
    const id = await tenant.addResource({ credentialId });
    const { outcome } = await tenant.work(id, "apply");
    expect(tenant.fakes.cloud.objects).to.deep.equal([]);
    return outcome;
  };

  it("is refused when it belongs to another provider", async () => {
    await tenant.addCredential({ provider: "aws", secrets: awsKeys });
    const azure = await tenant.addCredential({ provider: "azure", secrets: azureSecrets });

    expect(await refusal(azure)).to.deep.equal({
      kind: "give-up",
      code: "CREDENTIAL_MISMATCH",
      message: `/resourceId: credential ${azure} is for azure, resource 1 for aws; mend resources.credential_id`,
    });
  });

  it("is refused when it is another user's, although the user has one of its own", async () => {
    await tenant.addCredential({ provider: "aws", secrets: awsKeys });
    const userId = await tenant.addUser();
    const foreign = await tenant.addCredential({ userId, provider: "aws", secrets: awsKeys });

    expect(await refusal(foreign)).to.include({ code: "CREDENTIAL_NOT_FOUND" });
  });

  it("is refused by the field of the job when it is switched off", async () => {
    const off = await tenant.addCredential({ provider: "aws", secrets: awsKeys });
    await tenant.database.getRepository(Credential).update(off, { isActive: false });

    expect(await refusal(off)).to.deep.equal({
      kind: "give-up",
      code: "CREDENTIAL_INACTIVE",
      message: `/resourceId: credential ${off} is switched off`,
    });
    expect(await refusal(null)).to.include({ code: "CREDENTIAL_NOT_FOUND" });
  });

  it("has to be named when there are two", async () => {
    await tenant.addCredential({ provider: "aws", secrets: awsKeys });
    await tenant.addCredential({ provider: "aws", secrets: awsKeys });

    expect(await refusal(null)).to.include({ code: "CREDENTIAL_AMBIGUOUS" });
  });

  it("is never quoted when it is no key file", async () => {
    const service_account_json = "MIIEvQIBADANBgkq-secret";
    await tenant.addCredential({ provider: "gcp", secrets: { service_account_json } });
    const id = await tenant.addResource({ provider: "gcp" });

    const { outcome } = await tenant.work(id, "apply");

    expect(outcome).to.include({ kind: "give-up", code: "CREDENTIAL_INCOMPLETE" });
    expect(JSON.stringify(outcome)).not.to.include("MIIE");
  });

  it("says where the resource goes, unless its spec does", async () => {
    const azure = await tenant.addCredential({ provider: "azure", secrets: azureSecrets });
    await tenant.database.getRepository(Credential).update(azure, { region: "westeurope" });
    const id = await tenant.addResource({ provider: "azure", type: "network" });

    await tenant.work(id, "apply");

    const [group] = tenant.fakes.cloud.ofType("azurerm_resource_group");
    expect(group?.attributes).to.include({ location: "westeurope" });
  });

  it("stays the resource's own when the user adds or switches credentials", async () => {
    const first = await tenant.addCredential({ provider: "aws", secrets: awsKeys });
    const id = await tenant.addResource();
    await tenant.work(id, "apply");
    await tenant.addCredential({ provider: "aws", secrets: awsKeys });
    await tenant.database.getRepository(Credential).update(first, { isActive: false });

    const { outcome } = await tenant.work(id, "destroy");

    expect(outcome).to.include({ code: "CREDENTIAL_INACTIVE" });
    expect((await tenant.resource(id)).credentialId).to.equal(first);
  });

  describe("while an apply was left by its worker", () => {
    const leave = async () => {
      const credentialId = await tenant.addCredential({ provider: "azure", secrets: azureSecrets });
      const wanted = { provider: "azure", type: "network", credentialId } as const;
      const id = await tenant.addResource({ ...wanted, status: "provisioning" });
      const directory = join(tenant.root, "left");
      const { fakes } = tenant;
      const abandoned = await abandonApply({ binary, directory, fakes }, "azurerm_virtual_network");
      await saveLeftRun(tenant.database, id, { host: hostname(), directory });
      return { ...abandoned, credentialId, directory, id };
    };
    const change = async (
      credentialId: number,
      changes: { isActive: boolean } | { clientSecret: string },
    ) => tenant.database.getRepository(Credential).update(credentialId, changes);

    it("lets nobody go on when it is switched off: what was created is stored, the rest unknown", async () => {
      const { identity, credentialId, directory, id } = await leave();
      await change(credentialId, { isActive: false });

      const { outcome } = await tenant.work(id, "apply");

      expect(outcome).to.include({ kind: "give-up", code: "CREDENTIAL_INACTIVE" });
      expect(await isAlive(identity)).to.equal(false);
      expect(await tenant.stored(id)).to.include({ managedInstances: 1 });
      expect(tenant.fakes.cloud.objects).to.have.length(1);
      const [run, ...others] = await tenant.runs();
      expect(others).to.deep.equal([]);
      expect(run).to.include({ state: "unknown" });
      expect(run?.errorMessage).to.match(/CREDENTIAL_INACTIVE.* is unknown, look for it/);
      expect(await exists(directory)).to.equal(false);
      expect(await tenant.resource(id)).to.include({ status: "failed" });
    });

    it("needs not be opened for the state to be stored", async () => {
      const { hold, identity, credentialId, id } = await leave();
      hold.release();
      await until(async () => !(await isAlive(identity)), { what: "the end of the apply" });
      await change(credentialId, { clientSecret: "v1.gone.AAAA.BBBB" });

      const { outcome } = await tenant.work(id, "destroy");

      expect(outcome).to.include({ kind: "give-up", code: "CREDENTIAL_UNDECRYPTABLE" });
      expect(await tenant.stored(id)).to.include({ managedInstances: 3 });
      expect((await tenant.runs()).map(({ state }) => state)).to.deep.equal(["unknown"]);
    });
  });
});
