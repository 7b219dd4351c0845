import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import { describe, it } from "mocha";
import { queueNames } from "../../queues/contract.ts";
import { payloadJsonSchema } from "../../queues/json-schema.ts";

const folder = join(import.meta.dirname, "../../docs/schemas");

describe("docs/schemas", () => {
  for (const name of queueNames) {
    it(`has the schema of ${name} as the code has it (else: npm run schemas)`, async () => {
      const shipped: unknown = JSON.parse(await readFile(join(folder, `${name}.json`), "utf8"));

      expect(shipped).to.deep.equal(payloadJsonSchema(name));
    });
  }

  it("accepts and refuses what a worker does", () => {
    const accepts = new Ajv2020({ formats: { date: true } }).compile(payloadJsonSchema("sync"));

    expect(accepts({ v: 1, userId: 1, credentialId: 2, regions: ["eu-west-1"], more: 1 })).to.equal(
      true,
    );
    for (const wrong of [
      { userId: 1 },
      { userId: "1", credentialId: 2 },
      { userId: 1, credentialId: 0 },
      { v: 2, userId: 1, credentialId: 2 },
      { userId: 1, credentialId: 2, idempotencyKey: "a\nb" },
    ]) {
      expect(accepts(wrong), JSON.stringify(wrong)).to.equal(false);
    }
  });
});
