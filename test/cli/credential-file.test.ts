import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { checkFields, readCredentialFile } from "../../cli/credential-file.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const keys = { access_key: "AKIA", secret_key: "s" };

describe("a credential file", () => {
  const refused: [what: string, fields: Record<string, unknown>, message: string][] = [
    ["a blank secret", { ...keys, secret_key: " \n" }, "--file: aws needs secret_key"],
    ["a number", { ...keys, secret_key: 1 }, "--file: secret_key: expected a string"],
    ["another column", { ...keys, name: "x" }, "--file: name is no column of credentials"],
    [
      "a region longer than its column",
      { ...keys, region: "x".repeat(101) },
      "--file: region: expected at most 100 characters",
    ],
    [
      "a region that PostgreSQL cannot store",
      { ...keys, region: "a\0" },
      "--file: region: NUL cannot be stored",
    ],
  ];
  for (const [what, fields, message] of refused) {
    it(`may not have ${what}`, () => {
      expect(() => checkFields(fields, "aws")).to.throw(message);
    });
  }

  it("is refused when it is far larger than any credential, and when it is a folder", async () => {
    const folder = await temporaryFolder();
    const path = join(folder.path, "credential.json");
    await writeFile(path, JSON.stringify({ ...keys, secret_key: "s".repeat(64 * 1024) }));

    const errors = [
      await failureOf(readCredentialFile(path, "aws")),
      await failureOf(readCredentialFile(folder.path, "aws")),
    ];
    await folder.remove();

    expect(errors.map((error) => String(error))).to.deep.equal([
      "UsageError: --file: more than 65536 bytes",
      `UsageError: --file: ${folder.path} cannot be read`,
    ]);
  });
});
