import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { expect } from "chai";
import { describe, it } from "mocha";
import { KeyFormatError } from "../../../runtime/secrets/errors.ts";
import { parseKeyRing } from "../../../runtime/secrets/key-ring.ts";

const key = () => randomBytes(32).toString("base64");

function problemsOf(text: string): readonly string[] {
  try {
    parseKeyRing(text);
  } catch (error) {
    if (error instanceof KeyFormatError) return error.problems;
    throw error;
  }
  return [];
}

describe("parseKeyRing", () => {
  it("seals with the first key and opens with all, separated by commas or lines", () => {
    const ring = parseKeyRing(` 2026-b:${key()},2026-a:${key()}\nold:${key()}\n`);

    expect(ring.currentId).to.equal("2026-b");
    expect([...ring.keys.keys()]).to.deep.equal(["2026-b", "2026-a", "old"]);
  });

  it("takes base64 and base64url, padded or not, for the same key", () => {
    const bytes = Buffer.alloc(32, 0xfb);
    for (const text of [
      bytes.toString("base64"),
      bytes.toString("base64url"),
      `${bytes.toString("base64url")}=`,
    ]) {
      expect(parseKeyRing(`a:${text}`).keys.get("a")?.export()).to.deep.equal(bytes);
    }
  });

  it("names every bad entry by id, or by position when the id is bad, and never shows a key", () => {
    const short = randomBytes(31).toString("base64");
    const text = `good:${key()},short:${short},${key()},good:${key()},not-base64:${"%".repeat(43)}`;

    const problems = problemsOf(text);

    expect(problems).to.deep.equal([
      'CREDENTIAL_KEYS: key "short" is not base64 of 32 bytes',
      "CREDENTIAL_KEYS: entry 3 does not start with an id and a colon",
      'CREDENTIAL_KEYS: key "good" is given twice',
      'CREDENTIAL_KEYS: key "not-base64" is not base64 of 32 bytes',
    ]);
  });

  it("refuses an empty list", () => {
    expect(problemsOf(" , \n")).to.deep.equal(["CREDENTIAL_KEYS is empty"]);
  });

  it("does not show keys when it is printed", () => {
    const text = key();
    const printed = inspect(parseKeyRing(`a:${text}`), { depth: 9, showHidden: true });

    expect(printed).to.not.include(text);
    expect(printed).to.not.include(Buffer.from(text, "base64").toString("hex").slice(0, 8));
  });
});
