import { expect } from "chai";
import { describe, it } from "mocha";
import { MalformedSecretError } from "../../../runtime/secrets/errors.ts";
import { createSecrets } from "../../../runtime/secrets/secret.ts";

const keyOf = (fill: number) => Buffer.alloc(32, fill).toString("base64");
const place = { table: "credentials", id: 7, column: "secret_key" };
const fernetKey = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const fernetToken =
  "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";

describe("createSecrets", () => {
  it("opens envelopes and Fernet tokens by their prefix", () => {
    const secrets = createSecrets(`a:${keyOf(1)}`, fernetKey);

    expect(secrets.open(secrets.seal("mine", place), place)).to.equal("mine");
    expect(secrets.open(fernetToken, place)).to.equal("hello");
  });

  it("refuses clear text without repeating it", () => {
    const secrets = createSecrets(`a:${keyOf(1)}`, fernetKey);

    for (const clear of ["AKIAIOSFODNN7EXAMPLE", "", "v2.a.b.c"]) {
      expect(() => secrets.open(clear, place)).to.throw(
        MalformedSecretError,
        /^the text is neither a v1 envelope nor a Fernet token$/,
      );
    }
  });

  it("tells rotation which texts still need the current key", () => {
    const before = createSecrets(`old:${keyOf(1)}`);
    const after = createSecrets(`new:${keyOf(2)},old:${keyOf(1)}`, fernetKey);

    const sealedBefore = before.seal("secret", place);
    const rotated = after.seal(after.open(sealedBefore, place), place);

    expect(after.isCurrent(sealedBefore)).to.equal(false);
    expect(after.isCurrent(fernetToken)).to.equal(false);
    expect(after.isCurrent(rotated)).to.equal(true);
    expect(after.open(rotated, place)).to.equal("secret");
    expect(() => after.isCurrent("clear")).to.throw(MalformedSecretError);
  });
});
