import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { instance } from "../support/scripted-provider.ts";
import { noRows, type TestSync, testSync } from "../support/sync.ts";

const vms = "eu-west-1 ec2:instance";

describe("toInventoryRow", () => {
  let here: TestSync;

  beforeEach(async () => {
    here = await testSync();
  });
  afterEach(async () => here.close());

  it("does not take another order of fields for a change", async () => {
    const { metadata } = instance(1);
    const turned = Object.fromEntries(Object.entries(metadata).toReversed());
    await here.result({ [vms]: [[instance(1)]] });

    const found = await here.result({ [vms]: [[instance(1, { metadata: turned })]] });

    expect(found).to.deep.include({ rows: { ...noRows, unchanged: 1 } });
  });

  it("does not take another case of the provider's id for a change", async () => {
    const shown = (native_id: string) => [
      instance(1, { metadata: { ...instance(1).metadata, native_id } }),
    ];
    await here.result({ [vms]: [shown("/resourceGroups/Web/virtualMachines/a")] });

    const found = await here.result({ [vms]: [shown("/RESOURCEGROUPS/WEB/virtualMachines/a")] });

    expect(found).to.deep.include({ rows: { ...noRows, unchanged: 1 } });
  });

  it("stores odd names as far as PostgreSQL can", async () => {
    const odd = [
      instance(1, { name: "Zażółć 🚀 \u202e" }),
      instance(2, { name: "x".repeat(256) }),
      instance(3, { name: "nul\0 half\ud800" }),
      instance(4, { name: "" }),
      instance(5, { name: null }),
      instance(6, { metadata: { "k\0": ["\0", { deep: "\udc00" }], empty: {} } }),
      instance(7, { name: "\\u0000 and C:\\\\d800\\" }),
    ];
    await here.result({ [vms]: [odd] });

    expect(await here.names()).to.deep.equal([
      "Zażółć 🚀 \u202e",
      "x".repeat(256),
      "nul\ufffd half\ufffd",
      "",
      null,
      "vm-6",
      "\\u0000 and C:\\\\d800\\",
    ]);
    expect((await here.rows())[5]?.metadata).to.deep.equal({
      "k\ufffd": ["\ufffd", { deep: "\ufffd" }],
      empty: {},
    });
    expect(await here.result({ [vms]: [odd] })).to.deep.include({
      rows: { ...noRows, unchanged: 7 },
    });
  });

  it("keeps fields of any name, and times as text", async () => {
    const metadata = {
      tags: JSON.parse('{"__proto__": "a", "constructor": "b"}'),
      at: new Date("2026-01-02T03:04:05Z"),
    };
    await here.result({ [vms]: [[instance(1, { metadata })]] });

    const stored: unknown = await here.database.query(
      "SELECT metadata::text AS text FROM resource_inventory",
    );
    expect(stored).to.deep.equal([
      {
        text: '{"at": "2026-01-02T03:04:05.000Z", "tags": {"__proto__": "a", "constructor": "b"}}',
      },
    ]);
  });
});
